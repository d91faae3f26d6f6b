"""No change to what is signed goes unnoticed, and nothing that is fed to the check makes it stumble."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given as having
from hypothesis import settings
from hypothesis import strategies as st

from protocol.agreement.record import Report, check_file, check_record
from tests.protocol.agreement.village import MULTIBASE, NAMES, actor, answer, record, resolution, taken_back

KNOWN = {actor(name): MULTIBASE[name] for name in NAMES}
GOOD = record(
    answer("riverside"),
    answer("harbour", "Reject", id="0", at=0),
    taken_back("harbour", answer("harbour", "Reject", id="0", at=0), at=0.5),
    answer("harbour", "TentativeAccept"),
    answer("hillside", "Ignore"),
    told=resolution(stances=[answer("riverside")]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything inside a value, containers included."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield (*path, key)
        yield from places(member, (*path, key))


PLACES = list(places(GOOD))
SIGNED = [path for path in PLACES if path[0] in ("resolution", "answers") and len(path) > 1 + (path[0] == "answers")]


def changed(path: tuple[Any, ...], value: Any, *, removed: bool = False) -> dict[str, Any]:
    whole = copy.deepcopy(GOOD)
    holder: Any = whole
    for key in path[:-1]:
        holder = holder[key]
    if removed:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return whole


def test_the_record_that_is_changed_is_good() -> None:
    assert check_record(GOOD, KNOWN).good
    assert len(SIGNED) > 150


@settings(max_examples=250, deadline=None)
@having(path=st.sampled_from(SIGNED), value=JSON, removed=st.booleans())
def test_no_change_to_what_is_signed_goes_unnoticed(path: tuple[Any, ...], value: Any, removed: bool) -> None:
    whole = changed(path, value, removed=removed)
    same = json.dumps(whole) == json.dumps(GOOD)
    if same or (removed and path[-2:] == ("proof", "@context")):
        return  # some signers leave the context of a proof out once they have signed it

    assert not check_record(whole, KNOWN).good, path


@settings(max_examples=250, deadline=None)
@having(path=st.sampled_from(PLACES), value=JSON)
def test_whatever_stands_anywhere_the_check_says_something(path: tuple[Any, ...], value: Any) -> None:
    report = check_record(changed(path, value))

    assert isinstance(report, Report)
    assert report.checks


@settings(max_examples=100)
@having(value=JSON)
def test_anything_else_is_no_record(value: Any) -> None:
    assert not check_record(value).good


@settings(max_examples=100)
@having(raw=st.binary(max_size=200))
def test_no_bytes_are_a_record_by_chance(raw: bytes) -> None:
    assert not check_file(raw).good


def test_what_is_nested_without_end_is_no_record() -> None:
    deep: Any = {}
    for _ in range(20_000):
        deep = {"a": deep}

    assert not check_record(deep).good
    assert not check_record(changed(("answers", 0), deep)).good


@settings(max_examples=60, deadline=None)
@having(data=st.data())
def test_the_order_of_answers_and_their_number_changes_nothing(data: st.DataObject) -> None:
    answers = GOOD["answers"]
    turned = data.draw(st.permutations([*answers, *data.draw(st.lists(st.sampled_from(answers), max_size=4))]))

    report = check_record(GOOD | {"answers": turned}, KNOWN)

    assert report.checks == check_record(GOOD, KNOWN).checks
    assert report.tally == check_record(GOOD, KNOWN).tally
