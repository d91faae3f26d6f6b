"""What is left is right after any order of promises, and what others are told is the same: on one council, through the store."""

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from node.features.resources import actions
from node.features.resources.promises.states import State
from node.features.resources.promises.tables import Promise
from node.features.resources.tables import Resource
from schemas.records.resource import ResourceForm, ResourceNote, read_resource
from schemas.refusal import Refusal
from tests.features.coming_back import note_of
from tests.features.promising import HARBOURS, decline, now, number_of, promise, put_up, turn
from tests.features.village import Village, offer

AMOUNT = st.decimals(Decimal("0.5"), 12, places=1).map(str)
WHICH = st.integers(0, 5)
OPERATIONS = st.one_of(
    st.tuples(st.just("promise"), AMOUNT),
    st.tuples(st.just("answer with it"), AMOUNT),
    st.tuples(st.just("offer elsewhere"), AMOUNT),
    *(st.tuples(st.just(state.value), WHICH) for state in State if state is not State.PROPOSED),
    st.tuples(st.just("not this time"), WHICH),
    st.tuples(st.just("correct"), st.decimals(0, 20, places=1).map(str)),
    st.tuples(st.just("whole"), st.integers(1, 30).map(str)),
)
ON_ITS_OWN_SIDE = {State.PROPOSED, State.AGREED, State.DONE}
ANSWERED = {State.AGREED, State.DONE}


@dataclass
class Model:
    """What should be left of the offer, kept by simple bookkeeping beside the store."""

    whole: Decimal = Decimal(20)
    taken: Decimal = Decimal(0)
    made: list[tuple[Promise, bool, Decimal]] = field(default_factory=list)
    """Each promise, whether it draws on the offer (or answers it), and its amount."""

    states: dict[int, State] = field(default_factory=dict)

    @property
    def promised(self) -> Decimal:
        return sum(
            (
                amount
                for one, draws, amount in self.made
                if self.states[number_of(one)] in (ON_ITS_OWN_SIDE if draws else ANSWERED)
            ),
            Decimal(0),
        )

    @property
    def left(self) -> Decimal:
        return self.whole - self.taken - self.promised

    @property
    def agreed(self) -> bool:
        return any(state in ANSWERED for state in self.states.values())


def do(village: Village, model: Model, record: Resource, need: Resource, step: tuple[str, object]) -> None:
    """One step in the store and then in the model. Raises Refusal, with nothing changed in either."""
    kind, value = step
    member, acting = record.by_member, village.acting(record.by_member)
    match kind:
        case "promise" | "answer with it" | "offer elsewhere":
            about = {
                "promise": {"resource_id": record.id},
                "answer with it": {"resource_id": need.id, "counterpart_id": record.id},
                "offer elsewhere": {"object_id": HARBOURS, "counterpart_id": record.id},
            }[kind]
            made = promise(village, member, amount=str(value), **about)
            model.made.append((made, kind != "promise", Decimal(str(value))))
            model.states[number_of(made)] = State.PROPOSED
        case "correct":
            village.do(lambda c: actions.set_available(c, record.public_id, str(value), acting))
            model.taken = model.whole - model.promised - Decimal(str(value))
        case "whole":
            form = ResourceForm.model_validate(offer(until="week", quantity=str(value)))
            village.do(lambda c: actions.change(c, record.public_id, form, acting))
            model.whole = Decimal(str(value))
        case _ if model.made:
            assert isinstance(value, int)
            one = model.made[value % len(model.made)][0]
            if number_of(one) not in model.states:
                return
            if kind == "not this time":
                decline(village, one)
                model.made = [each for each in model.made if each[0] is not one]
                del model.states[number_of(one)]
            else:
                turn(village, one, State(kind))
                model.states[number_of(one)] = State(kind)


def agrees(village: Village, model: Model, record: Resource) -> None:
    row = now(village, record)
    note = read_resource(note_of(village, str(record.object_id)))
    assert isinstance(note, ResourceNote)
    assert row.available is not None and note.available is not None
    assert Decimal(row.available) == Decimal(note.available) == model.left >= 0
    assert row.quantity == note.quantity == str(model.whole)
    partly = model.agreed or model.left != model.whole
    assert row.state == note.state.value == ("promised" if model.left == 0 else "partly-promised" if partly else "open")
    listed = village.rows("SELECT available FROM availability WHERE object_id = :o", o=record.object_id)
    assert [one.available for one in listed] == ([] if model.left == 0 else [row.available])


def test_any_order_of_promises_and_corrections_leaves_what_is_left(village: Village, scale: int) -> None:
    member = village.member()

    @settings(max_examples=12 * scale, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(steps=st.lists(OPERATIONS, min_size=4, max_size=14))
    @example(
        steps=[("promise", "12"), ("agreed", 0), ("whole", "11"), ("correct", "9"), ("given-back", 0), ("whole", "5")]
    )
    @example(
        steps=[
            ("offer elsewhere", "12"),
            ("answer with it", "12"),
            ("declined", 0),
            ("answer with it", "12"),
            ("done", 1),
        ]
    )
    @example(steps=[("correct", "0"), ("promise", "1"), ("agreed", 0), ("correct", "1"), ("agreed", 0), ("done", 0)])
    def walk(steps: list[tuple[str, object]]) -> None:
        record = put_up(village, member, quantity="20")
        need = put_up(village, member, direction="need", audience="council", quantity="1000")
        model = Model()
        for step in steps:
            before = now(village, record)
            try:
                do(village, model, record, need, step)
            except Refusal:
                assert now(village, record) == before
            agrees(village, model, record)

    walk()
