"""Letters as people meet them: a server that sends them, links to confirm an address and to stop, a gathering and a rest day."""

from datetime import timedelta

from federation.tables import table_of
from node.accounts.tables import Member
from node.demo.councils import DemoCouncil
from node.features.resources.letters import links
from node.profile.rhythm_kept import RhythmForm, set_rhythm

ADDRESS = "rosa@somewhere.example"
# Nobody listens there, and nothing is ever due.
MAIL = 'host = "127.0.0.1"\nport = 9\nsecurity = "none"\nfrom_address = "us@riverside.example"'


def with_letters(one: DemoCouncil) -> None:
    """Before its server starts."""
    file = one.settings.directory / "comarca.toml"
    file.write_text(file.read_text("utf-8").replace("[mail]\n", f"[mail]\n{MAIL}\n"), "utf-8")


def on_the_way(riverside: DemoCouncil, _harbour: DemoCouncil) -> dict[str, list[str]]:
    members, now, keeper = table_of(Member), riverside.clock.now(), riverside.keeper
    riverside.do(lambda c: c.execute(members.update().where(members.c.id == keeper).values(mail=ADDRESS)))
    form = RhythmForm(
        gathering_at=f"{now + timedelta(days=5):%Y-%m-%dT18:00}",
        gathering_where="Tenants' hall",
        gathering_access="no steps, a corner for children",
        rest_weekdays=("SU",),
        rest_dates="2026-12-25",
    )
    riverside.do(lambda c: set_rhythm(c, form, riverside.acting(keeper=True)))
    key = riverside.council.lookup_key
    asks = links.confirm_token(key, whose=links.of_member(keeper), address=ADDRESS, now=now)
    stops = links.stop_token(key, address=ADDRESS)
    return {"/letters/{token}": [f"{links.PATH}/{asks}", f"{links.PATH}/{stops}"]}
