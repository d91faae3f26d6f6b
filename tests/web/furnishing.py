"""A town with something on every page, and the browsers of those who look at it."""

from datetime import timedelta

import httpx

from federation.tables import Follower, table_of
from tests.web.town import HARBOUR, NOON, Town


def browser_of(town: Town, viewer: str) -> httpx.AsyncClient:
    return town.browser() if viewer == "anybody" else town.signed_in(keeper=viewer == "keeper")


def follower(town: Town, state: str) -> str:
    actor = f"https://fedi.example/@{state}"
    row = {
        "actor_id": actor,
        "origin": "https://fedi.example",
        "inbox": f"{actor}/inbox",
        "state": state,
        "follow_id": f"{actor}/1",
    }
    keys = {"key_id": f"{actor}#k", "key_pem": "-", "key_fetched_at": NOON, "created_at": NOON}
    town.store.write_now(lambda c: c.execute(table_of(Follower).insert().values(**row, **keys)))
    return actor


def furnish(town: Town) -> dict[str, str]:
    """A town in which every part of every page has something to show; the paths worth asking for."""
    town.meet()
    town.meet("https://mill.example", name="Mill", heard=NOON - timedelta(days=2))
    town.meet("https://tannery.example", name="Tannery", state="they-asked", heard=None)
    town.meet("https://quay.example", name="Quay", state="we-asked", heard=None)
    town.meet("https://dock.example", name="Dock", state="declined", heard=None)
    follower(town, "asked")
    follower(town, "accepted")
    town.hold("Fans and water wanted", kind="alert", shown_as="alert", origin=HARBOUR)
    for shown_as in ("need", "offer", "resolution", "drill", "rest"):
        town.hold(f"A slip: {shown_as}", shown_as=shown_as)
    ours = town.hold('Sharp "quotes" & <b>angles</b>', shown_as="need")
    theirs = town.hold("Ten fans", origin=HARBOUR)
    gone = town.hold("", document=b"", gone_at=NOON)
    return {
        "wall": "/", "help": "/help", "sign in": "/in", "button": f"/in/{town.link(town.member())}", "councils": "/councils",
        "ours": ours.removeprefix(town.url), "theirs": f"/slip?id={theirs}", "gone": gone.removeprefix(town.url),
        "nowhere": "/nowhere", "unknown": "/slip?id=none", "not valid": "/slip", "fault": "/faulty",
    }  # fmt: skip
