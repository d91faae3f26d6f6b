"""Joint texts in tests: a council has one open, puts it to others, and everybody answers, through the actions of the pages."""

from datetime import date, timedelta
from typing import Any

from federation.tables import table_of
from node.features.resolutions import answering, joint
from node.features.resolutions.counting import Joint, joint_at
from node.features.resolutions.publishing import publish
from node.features.resolutions.tables import Resolution
from protocol import ids
from protocol.agreement.tally import Answer
from schemas.records.joint_forms import AnswerForm, AskForm, TakeBackForm
from tests.two_nodes.region import Town

TEXT = "The hall at the harbour stays open at night. Two of each council are there, in turns."


def today_of(town: Town) -> date:
    return town.node.clock.now().astimezone(town.acting().zone).date()


def open_text(town: Town, *, title: str = "The hall stays open at night", text: str = TEXT, **given: Any) -> str:
    """An open text of this council, told to everybody who may see it. Returns its address."""
    council, now = town.node.council, town.node.clock.now().replace(microsecond=0)
    public_id = ids.new_id(council.randomness.bytes(ids.ID_BYTES))
    values = {"audience": "public", "stage": "open", "method": "consent", "language": "en", **given}
    row = Resolution(
        object_id=f"{council.base_url}/o/{public_id}",
        public_id=public_id,
        number=1 + town.count("resolution"),
        title=title,
        text=text,
        by_member=1,
        created_at=now,
        updated_at=now,
        **values,
    )

    def step(connection: Any) -> None:
        columns = row.model_dump(exclude={"id"})
        row.id = connection.execute(table_of(Resolution).insert().values(**columns)).inserted_primary_key[0]
        publish(connection, row, town.acting())

    town.write(step)
    return str(row.object_id)


def ask(town: Town, object_id: str, *others: Town, **given: Any) -> Resolution:
    """Put the text to these linked councils."""
    wanted = {other.actor for other in others}
    numbers = [row["id"] for row in town.read(joint.linked) if row["actor_id"] in wanted]
    values = {"at_least": 2, "until": (today_of(town) + timedelta(days=14)).isoformat(), **_gathered(town), **given}
    form = AskForm.model_validate({"councils": numbers, **values})
    return town.write(lambda c: joint.ask(c, object_id.rpartition("/")[2], form, town.acting()))


def answer(town: Town, object_id: str, verb: str = "Accept", words: str = "", **given: Any) -> Resolution:
    form = AnswerForm.model_validate({"answer": verb, "words": words, **_gathered(town), **given})
    return town.write(lambda c: answering.answer(c, object_id, form, town.acting()))


def take_back(town: Town, object_id: str) -> Resolution:
    form = TakeBackForm.model_validate(_gathered(town))
    return town.write(lambda c: answering.take_back(c, object_id, form, town.acting()))


def settle(town: Town, object_id: str) -> Resolution:
    return town.write(lambda c: joint.settle(c, object_id.rpartition("/")[2], town.acting()))


def counted(town: Town, object_id: str) -> Joint | None:
    return town.read(lambda c: joint_at(c, object_id, now=town.node.clock.now()))


def standing(town: Town, object_id: str) -> dict[str, Answer]:
    """Where each council stands, by its name, as this node counts; nothing while the text is not held."""
    found = counted(town, object_id)
    return {} if found is None else {each.council.name: each.answer for each in found.tally.answers}


def _gathered(town: Town) -> dict[str, Any]:
    return {"decided_at": today_of(town).isoformat(), "present": 12}
