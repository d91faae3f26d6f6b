"""`comarca offer`, `comarca need` and `comarca show`: put something up, and look at what is held under an address."""

from typing import Annotated, Any, Literal

import orjson
import typer
from sqlalchemy import RowMapping

from federation import introductions, replicas
from node.cli.opening import Folder, Opened, opened
from node.cli.saying import BROKEN, Json, answer, fail, plainly
from node.features.resources.actions import put_up
from node.rights import Right
from protocol import keys, proof
from protocol.verdict import Refused
from schemas.records.resource import ResourceForm

Title = Annotated[str, typer.Argument(metavar="TITLE", help="In your own words.", show_default=False)]
Words = Annotated[str, typer.Option(help="More words.")]
Category = Annotated[str, typer.Option(help="food, water, shelter, tools, transport, care, …")]
Quantity = Annotated[str | None, typer.Option(help="How many, as a number.")]
Unit = Annotated[str | None, typer.Option(help="Of what: portions, places, hours.")]
Near = Annotated[str | None, typer.Option(help="A place that the council knows by name; never a street number.")]
SeenBy = Annotated[str | None, typer.Option("--audience", help="council, neighbours or public.")]
Until = Annotated[str | None, typer.Option(help="tonight, tomorrow, week, month, or a date like 2026-12-01.")]


def _put_up(directory: Any, direction: Literal["offer", "need"], as_json: bool, given: dict[str, Any]) -> None:
    until = given.pop("until")
    if until is None:
        given["until"] = "week"
    else:
        whole = until.endswith("Z") or "+" in until[10:]
        given["ends_at" if whole else "until"] = until
    form = ResourceForm.model_validate(
        {"direction": direction} | {name: value for name, value in given.items() if value is not None}
    )
    with opened(directory) as here:
        acting = here.acting(Right.PUT_UP)
        record = here.store.write_now(lambda connection: put_up(connection, form, acting))
        address = record.object_id or f"{here.settings.url}/o/{record.public_id}"
        facts = {"id": address, "title": record.title, "audience": record.audience, "ends_at": record.ends_at}
        seen = {"public": "everybody", "neighbours": "nearby councils", "council": "this council"}[str(record.audience)]
        answer(as_json, facts, f"Put up for {seen}: {record.title}", address)


@plainly
def offer(
    directory: Folder,
    title: Title,
    words: Words = "",
    category: Category = "other",
    quantity: Quantity = None,
    unit: Unit = None,
    near: Near = None,
    audience: SeenBy = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Put up something that is offered."""
    given = {"title": title, "words": words, "category": category, "quantity": quantity, "unit": unit}
    _put_up(directory, "offer", json, given | {"near": near, "audience": audience, "until": until})


@plainly
def need(
    directory: Folder,
    title: Title,
    words: Words = "",
    category: Category = "other",
    quantity: Quantity = None,
    unit: Unit = None,
    near: Near = None,
    audience: SeenBy = None,
    until: Until = None,
    json: Json = False,
) -> None:
    """Put up something that is needed."""
    given = {"title": title, "words": words, "category": category, "quantity": quantity, "unit": unit}
    _put_up(directory, "need", json, given | {"near": near, "audience": audience, "until": until})


@plainly
def show(
    directory: Folder,
    address: Annotated[str, typer.Argument(metavar="ID", help="The address of a record.", show_default=False)],
    json: Json = False,
) -> None:
    """Show what this node holds under an address: the record, where it came from, and whether its proof holds."""
    with opened(directory) as here, here.store.reading() as connection:
        row = replicas.find(connection, address)
        if row is None:
            fail("not-held", f"Nothing is held under {address}. Is the address whole?", as_json=json, code=BROKEN)
        if row["gone_at"] is not None:
            facts = {"id": address, "source": row["source"], "gone_at": row["gone_at"], "record": None, "proof": None}
            answer(json, facts, f"{address} was taken down on {row['gone_at']:%Y-%m-%d %H:%M} UTC. Only that is kept.")
            return
        activity = orjson.loads(row["document"])
        state = _proof_state(here, row, activity, connection)
    facts = {
        "id": address,
        "source": row["source"],
        "audience": row["audience"],
        "received_at": row["received_at"],
        "ends_at": row["ends_at"],
        "record": activity["object"],
        "proof": {"state": state, "method": row["method"], "activity": activity["id"]},
    }
    answer(
        json,
        facts,
        f"{row['name']}",
        f"from {row['source']}, for {row['audience']}, updated {row['updated']:%Y-%m-%d %H:%M} UTC",
        f"proof: {state} ({row['method']})",
        orjson.dumps(activity["object"], option=orjson.OPT_INDENT_2).decode(),
    )


def _proof_state(here: Opened, row: RowMapping, activity: dict[str, Any], connection: Any) -> str:
    """The proof checked again, now, against the key that we have for its source."""
    if row["source"] == here.council.actor_id:
        key: Any = here.council.ed25519.public_key()
    else:
        peer = introductions.find(connection, row["source"])
        if peer is None:
            return "no key"
        key = keys.decode_multikey(peer["ed25519_multibase"])
    verdict = proof.judge_proof(activity, key, now=here.clock.now())
    return "does not match" if isinstance(verdict, Refused) else "verified"
