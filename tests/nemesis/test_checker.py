"""The checker is no ornament: each kind of wrong, planted by hand among councils that agree, is told by its name."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.nemesis import checker, overheard
from tests.nemesis.checker import Holding, Live
from tests.nemesis.oracle import GONE, Journal, Slip, after_old_copy, read
from tests.nemesis.overheard import Wiretap

NAMES = ("alder", "birch", "cedar")
LINKED = {"alder": {"birch"}, "birch": {"alder", "cedar"}, "cedar": {"birch"}}


def _actor(name: str) -> str:
    return f"http://{name}.example/council"


def _slips() -> dict[str, list[Slip]]:
    public, near = Slip("alder", "public", 1, history=[1, 2]), Slip("alder", "neighbours", 2, history=[1])
    own, over = Slip("alder", "council", 3, history=[1]), Slip("alder", "public", 4, history=[1, GONE])
    return {"alder": [public, near, own, over]}


def _live(slip: Slip, version: int) -> Live:
    return Live(_actor(slip.town), slip.audience, slip.title(version), f"digest of {slip.title(version)}")


def _holdings() -> list[Holding]:
    public, near, own, _ = _slips()["alder"]
    live = {"/o/1": _live(public, 2), "/o/2": _live(near, 1)}
    at_home = [public.title(2), near.title(1), own.title(1)]
    order = [("feed", 1, seq) for seq in (1, 2, 3)]
    region = frozenset({_actor("alder")})
    return [
        Holding("alder", _actor("alder"), frozenset(LINKED["alder"]), dict(live), at_home, list(order), region),
        Holding("birch", _actor("birch"), frozenset(LINKED["birch"]), dict(live), [], list(order), region),
        Holding("cedar", _actor("cedar"), frozenset(LINKED["cedar"])),
    ]


def test_where_all_is_well_nothing_is_said() -> None:
    assert checker.wrong(_holdings(), _slips()) == []
    assert checker.agreed(_holdings())


def _lose(h: list[Holding]) -> None:
    for one in h[:2]:
        del one.live["/o/2"]


def _lose_at_home(h: list[Holding]) -> None:
    h[0].at_home.pop()


def _lose_at_one(h: list[Holding]) -> None:
    del h[1].live["/o/1"]


def _keep_what_is_over(h: list[Holding]) -> None:
    h[0].live["/o/4"] = h[1].live["/o/4"] = _live(_slips()["alder"][3], 1)


def _keep_the_older(h: list[Holding]) -> None:
    h[1].live["/o/1"] = _live(_slips()["alder"][0], 1)


def _change_a_word(h: list[Holding]) -> None:
    h[1].live["/o/1"] = dataclasses.replace(h[1].live["/o/1"], digest="another")


def _double(h: list[Holding]) -> None:
    for one in h[:2]:
        one.live["/o/9"] = one.live["/o/1"]


def _leak(h: list[Holding]) -> None:
    h[2].live["/o/2"] = h[0].live["/o/2"]


def _leak_a_feed(h: list[Holding]) -> None:
    h[2].region_feeds = frozenset({_actor("alder")})


def _swap(h: list[Holding]) -> None:
    h[1].order[1], h[1].order[2] = h[1].order[2], h[1].order[1]


def _skip(h: list[Holding]) -> None:
    del h[1].order[1]


def _leave(h: list[Holding]) -> None:
    h[1].left["deliveries waiting"] = 3


PLANTED: tuple[tuple[str, Callable[[list[Holding]], None]], ...] = (
    ("lost: neighbours-alder-x2 at birch", _lose),
    ("lost: council-alder-x3 at alder", _lose_at_home),
    ("lost: public-alder-x1 at birch", _lose_at_one),
    ("otherwise: public-alder-x4 at birch", _keep_what_is_over),
    ("lost: public-alder-x1 at birch: [1] is there", _keep_the_older),
    ("otherwise: birch of alder", _change_a_word),
    ("doubled: public-alder-x1 at birch", _double),
    ("leaked: cedar holds neighbours-alder-x2 v1 of alder", _leak),
    ("leaked: cedar holds the feed for neighbours", _leak_a_feed),
    ("out of order: birch: entry 3 after 1", _swap),
    ("out of order: birch: entry 3 after 1", _skip),
    ("not quiet: birch: 3 deliveries waiting", _leave),
)


@pytest.mark.parametrize(("word", "plant"), PLANTED, ids=[plant.__name__ for _, plant in PLANTED])
def test_a_planted_disagreement_is_told_by_its_name(word: str, plant: Callable[[list[Holding]], None]) -> None:
    holdings = _holdings()

    plant(holdings)

    assert any(told.startswith(word) for told in checker.wrong(holdings, _slips()))


@pytest.mark.parametrize("plant", [_lose_at_one, _keep_the_older, _change_a_word, _leave])
def test_whoever_holds_something_else_has_not_agreed(plant: Callable[[list[Holding]], None]) -> None:
    holdings = _holdings()

    plant(holdings)

    assert not checker.agreed(holdings)


def test_a_write_that_was_never_answered_may_be_there_or_not(tmp_path: Path) -> None:
    slip = Slip("alder", "public", 1)
    journal = Journal(tmp_path / "journal")
    journal.asked(slip, 1)
    journal.acknowledged(slip, 1)
    journal.asked(slip, 2)
    journal.close()

    (found,) = read(tmp_path / "journal")

    assert found.may_be == {1, 2}


def test_a_write_that_was_refused_may_not_be_there(tmp_path: Path) -> None:
    slip = Slip("alder", "public", 1)
    journal = Journal(tmp_path / "journal")
    journal.asked(slip, 1)
    journal.acknowledged(slip, 1)
    journal.asked(slip, GONE)
    journal.refused(slip, GONE, 404)
    journal.close()

    (found,) = read(tmp_path / "journal")

    assert found.may_be == {1}


@pytest.mark.parametrize(
    ("known", "held", "allowed"),
    [
        (1, [], {1, 2, GONE}),
        (1, [2], {2, GONE}),
        (0, [GONE], {GONE}),
        (3, [], {GONE}),
        (0, [1, 2], {2, GONE}),
        (0, [], {GONE, 1, 2}),
    ],
)
def test_of_an_old_copy_is_demanded_what_it_had_and_what_one_neighbour_has(
    tmp_path: Path, known: int, held: list[int], allowed: set[int]
) -> None:
    slip = Slip("alder", "public", 1, history=[1, 2, GONE])

    least = after_old_copy(slip, known, [{slip.name: version} for version in held])

    assert dataclasses.replace(slip, least=least).may_be == allowed


def test_the_wiretap_tells_who_read_what_was_not_for_them() -> None:
    tap = Wiretap({name: frozenset(linked) for name, linked in LINKED.items()})

    for reader, words in (("birch", b"neighbours-alder-x1 v1"), ("cedar", b"public-alder-x2 v1")):
        tap(reader, "alder", words)
    assert tap.heard == set()

    tap("cedar", "birch", b"... neighbours-alder-x1 v1 ...")
    tap("birch", "alder", b"... council-alder-x3 v1 ...")
    assert tap.heard == {
        "leaked: words of alder for neighbours from birch to cedar",
        "leaked: words of alder for council from alder to birch",
    }


def test_a_fault_in_a_log_is_found(tmp_path: Path) -> None:
    log = tmp_path / "alder.log"
    log.write_text("2026 [info     ] not delivered\nTraceback (most recent call last):\n")

    assert [*overheard.faults_in(log)] == ["fault: alder: Traceback (most recent call last):"]
