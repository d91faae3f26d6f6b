"""Canonical JSON: the published RFC 8785 vectors, and equality with another implementation on everything that has a form."""

import json

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.canonical import NotCanonical, canonical
from tests.protocol.samples import VECTORS, vectors

PUBLISHED = sorted(path.name for path in (VECTORS / "jcs" / "input").glob("*.json"))


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_inputs_give_the_published_bytes(name: str) -> None:
    value = json.loads(vectors("jcs", "input", name).read_bytes())

    made = canonical(value)

    assert made == vectors("jcs", "output", name).read_bytes()


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_changed_published_input_gives_other_bytes(name: str) -> None:
    value = json.loads(vectors("jcs", "input", name).read_bytes())

    made = canonical([value, 0])

    assert made != vectors("jcs", "output", name).read_bytes()


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.floats(min_value=-181, max_value=181)
    | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5),
    max_leaves=25,
)


@given(VALUES)
@example({"\ue000": 1, "\U00010000": 2})
@example({"\uffff": 1, "\U0010ffff": 2, "é": 3})
@example([0.0, -0.0, 1.0, 1e21, 1e-7, 1e-6, 1e15, 1e16, 123456789012345.6, 0.0001, 9.999e-5])
@example('\x00\x1f\x7f\u2028"\\/<>')
def test_the_bytes_are_those_of_another_implementation(value: object) -> None:
    made = canonical(value)

    assert made == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_is_written_as_the_other_implementation_writes_it(number: float) -> None:
    assert canonical([number]) == rfc8785.dumps([number])


@given(st.dictionaries(st.text(max_size=6), st.integers(0, 9), max_size=8), st.randoms())
def test_the_order_of_members_does_not_count(members: dict[str, int], shuffler: object) -> None:
    names = list(members)
    shuffler.shuffle(names)  # type: ignore[attr-defined]

    assert canonical({name: members[name] for name in names}) == canonical(members)


@pytest.mark.parametrize(
    "value",
    [
        2**53,
        -(2**53),
        float("nan"),
        float("inf"),
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {"a": {None: 1}},
        b"bytes",
        {"a": print},
        [{1, 2}],
    ],
    ids=repr,
)
def test_what_has_no_canonical_form_raises(value: object) -> None:
    with pytest.raises(NotCanonical):
        canonical(value)


def test_endless_nesting_raises_instead_of_overflowing() -> None:
    value: list[object] = []
    value.append(value)

    with pytest.raises(NotCanonical):
        canonical(value)
