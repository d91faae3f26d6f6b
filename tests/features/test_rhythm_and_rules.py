"""When neighbours meet and rest, and the council's own rules about asking: what stands, and what stands by itself."""

from datetime import timedelta

import pytest

from node.profile import rules_kept
from node.profile.keeping import first_profile, keep
from node.profile.rhythm import Gathering, Rest, Rhythm, rhythm
from tests.features.promising import refused
from tests.features.village import START, Village

THURSDAY = START + timedelta(days=3)


def write(village: Village, **columns: object) -> None:
    village.do(lambda c: keep(c, first_profile(village.site.settings), now=START))
    names = ", ".join(f"{name} = ?" for name in columns)
    village.do(lambda c: c.exec_driver_sql(f"UPDATE profile SET {names}", tuple(columns.values())))


def test_a_council_that_said_nothing_has_no_gathering_and_no_rest(village: Village) -> None:
    nothing = village.see(lambda c: rhythm(c, now=START))
    village.do(lambda c: keep(c, first_profile(village.site.settings), now=START))

    assert nothing == village.see(lambda c: rhythm(c, now=START)) == Rhythm(None, Rest())


def test_the_next_gathering_and_the_days_of_rest_are_read_until_it_is_over(village: Village) -> None:
    at = int(THURSDAY.timestamp()) * 1_000_000
    write(village, gathering_at=at, gathering_where="Tenants' hall", gathering_access="no steps", rest_days='["SU"]')

    before = village.see(lambda c: rhythm(c, now=START))
    after = village.see(lambda c: rhythm(c, now=THURSDAY + timedelta(seconds=1)))

    assert before == Rhythm(Gathering(THURSDAY, "Tenants' hall", "no steps", ""), Rest(frozenset({"SU"})))
    assert (after.gathering, after.rest) == (None, before.rest)


def test_changing_the_profile_leaves_the_rhythm_alone(village: Village) -> None:
    write(village, rest_days='["SU", "2026-12-25"]')

    village.do(lambda c: keep(c, first_profile(village.site.settings), now=THURSDAY))

    assert village.see(lambda c: rhythm(c, now=START)).rest == Rest(frozenset({"SU", "2026-12-25"}))


def test_a_rule_is_as_it_is_when_nobody_has_said_otherwise_until_somebody_does(village: Village) -> None:
    usual = {name: village.see(lambda c, name=name: rules_kept.rule(c, name)) for name in rules_kept.DEFAULTS}
    keeper = village.acting(village.member(keeper=True), keeper=True)

    for value in ("off", "shown"):
        village.do(
            lambda c, value=value: rules_kept.set_rule(c, keeper, name="without-account", value=value, because="x")
        )

    assert usual == rules_kept.DEFAULTS
    assert village.see(lambda c: rules_kept.rule(c, rules_kept.WITHOUT_ACCOUNT)) == "shown"
    assert village.see(rules_kept.decided) == {"without-account": ("shown", "x", START)}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("without-account", "maybe"),
        ("unheld-after-hours", "0"),
        ("ageing-after-days", "-1"),
        ("unheld-after-hours", "²"),
        ("ageing-after-days", "9" * 5_000),
        ("ageing-after-days", "1001"),
        ("sensitive-kinds-leave", "yes"),
        ("", ""),
    ],
)
def test_a_value_that_no_rule_takes_is_refused(village: Village, name: str, value: str) -> None:
    keeper = village.acting(village.member(keeper=True), keeper=True)

    assert refused(village, lambda c: rules_kept.set_rule(c, keeper, name=name, value=value)) == ("rule", name)


def test_only_whoever_may_set_up_changes_a_rule(village: Village) -> None:
    neighbour = village.acting(village.member())

    word = refused(village, lambda c: rules_kept.set_rule(c, neighbour, name="without-account", value="off"))

    assert word[0] == "not-keeper"
    assert village.rows("SELECT * FROM council_rule") == []
