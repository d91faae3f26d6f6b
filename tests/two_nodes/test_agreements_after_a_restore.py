"""An old copy of ours that is put back: what was agreed since comes back from the other council, and nothing is promised twice."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from federation import replicas
from federation.feeds import only_told
from federation.kinds import Copy
from node.features.resources import reckoning
from node.features.resources.promises.states import State
from node.features.resources.tables import Resource
from schemas.refusal import Refusal
from tests.two_nodes.agreeing import Councils, answer, copy_of, give_back, held, row_of, stands, two_councils
from tests.two_nodes.region import Town


@pytest.fixture
def both(tmp_path: Path) -> Iterator[Councils]:
    with two_councils(tmp_path) as built:
        yield built


def forget(town: Town, note: Resource) -> None:
    """The copy is older than everything that happened to the note after it was put up."""

    def step(connection: Connection) -> None:
        for table in ("promise", "agreement_act"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
        columns = (
            "updated_at = created_at, available = quantity, state = 'open', taken_otherwise = '0', holder_actor = NULL"
        )
        connection.exec_driver_sql(f"UPDATE resource SET {columns} WHERE id = ?", (note.id,))

    town.write(step)


def record_comes_back(both: Councils, town: Town, note: Resource) -> None:
    """What the other council holds of our note."""
    document = both.other(town).read(lambda c: replicas.find(c, str(note.object_id)))
    assert document is not None

    def step(connection: Connection) -> None:
        kind, said = town.node.council.kinds["resource"], replicas.note_of(document)
        model = kind.read(said)
        copy = Copy(document["id"], str(note.object_id), town.actor, document["audience"], True, model.changed)
        assert kind.recover is not None
        kind.recover(connection, copy, model, said)

    town.write(step)


def acts_come_back(both: Councils, town: Town) -> None:
    """What we told the other council in the last day, as it gives it back."""
    told: list[Any] = both.other(town).read(lambda c: only_told.told_by(c, actor=town.actor, most_bytes=1_000_000))
    acts = [one for one in told if one["type"] not in ("Create", "Update") or one["object"]["type"] != "Note"]
    assert acts
    now, council = both.clock.now(), town.node.council
    assert town.write(lambda c: only_told.take(c, council, acts, now=now)) == len(acts)


@pytest.mark.parametrize("first", ["record", "acts"])
def test_what_we_had_agreed_to_is_known_again_and_counted_once(both: Councils, first: str) -> None:
    need = both.put_up()
    both.hand_all()
    both.clock.advance(60)
    offer_id = str(both.promise(need, amount="6").offer_id)
    both.hand_all()
    answer(both.ours, offer_id, yes=True)
    both.hand_all()
    forget(both.ours, need)

    if first == "record":
        record_comes_back(both, both.ours, need)
        acts_come_back(both, both.ours)
    else:
        acts_come_back(both, both.ours)
        record_comes_back(both, both.ours, need)

    assert both.waiting(both.ours) == []  # it follows quietly: the other council knows more than this copy
    made = held(both.ours, offer_id)
    assert made is not None and (made.state, made.amount, made.by_actor) == ("agreed", "6", both.theirs.actor)
    again = both.ours.write(lambda c: reckoning.recount(c, need.id or 0, both.ours.acting()))
    assert (again.available, again.taken_otherwise) == ("4", "0")
    give_back(both.theirs, offer_id)
    both.hand_all()
    assert row_of(both.ours, need).available == copy_of(both.theirs, need).available == "10"


def test_what_we_had_offered_is_known_again_and_what_it_draws_on_is_not_promised_twice(both: Councils) -> None:
    need = both.put_up()
    fans = both.put_up(both.theirs, direction="offer", quantity="6")
    both.hand_all()
    both.clock.advance(60)
    offer_id = str(both.promise(need, amount="6", counterpart=fans.public_id).offer_id)
    both.hand_all()
    forget(both.theirs, fans)

    acts_come_back(both, both.theirs)
    record_comes_back(both, both.theirs, fans)
    answer(both.ours, offer_id, yes=True)
    both.hand_all()

    assert [stands(town, offer_id) for town in (both.ours, both.theirs)] == [State.AGREED] * 2
    made = held(both.theirs, offer_id)
    assert made is not None and (made.state, made.by_member) == ("agreed", 0)
    assert Decimal(str(row_of(both.theirs, fans).available)) == 0
    with pytest.raises(Refusal):
        both.promise(need, amount="6", counterpart=fans.public_id)


def test_an_answer_to_an_offer_that_is_lost_for_good_is_refused_for_good(both: Councils) -> None:
    need = both.put_up()
    both.hand_all()
    offer_id = str(both.promise(need, amount="6").offer_id)
    both.hand_all()
    both.theirs.write(lambda c: c.exec_driver_sql("DELETE FROM promise"))
    both.theirs.write(lambda c: c.exec_driver_sql("DELETE FROM agreement_act"))

    answer(both.ours, offer_id, yes=True)
    results = [both.hand(both.ours, row) for row in both.waiting(both.ours)]

    assert sorted(results) == ["other-terms", "stored"]
