"""Peering: every state with every event, what no order of events can bring about, and the six words."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.bip39 import WORDS, words_for
from protocol.peering import Event, State, step, words
from protocol.verdict import Reason, Refused

N, W, T, A, D, E, B = (
    State.NONE,
    State.WE_ASKED,
    State.THEY_ASKED,
    State.ACCEPTED,
    State.DECLINED,
    State.ENDED,
    State.BLOCKED,
)
ORDER = [N, W, T, A, D, E, B]
UNKNOWN, BLOCKED = Reason.UNKNOWN_PEER, Reason.BLOCKED

# One row for each event, one column for each state in ORDER: the state after it, or why it is refused.
EXPECTED: dict[Event, list[State | Reason]] = {
    Event.OUR_OFFER: [W, W, A, A, W, W, BLOCKED],
    Event.OUR_ACCEPT: [UNKNOWN, UNKNOWN, A, A, UNKNOWN, UNKNOWN, BLOCKED],
    Event.OUR_REJECT: [UNKNOWN, UNKNOWN, D, E, D, UNKNOWN, BLOCKED],
    Event.OUR_UNDO: [UNKNOWN, N, UNKNOWN, E, UNKNOWN, E, BLOCKED],
    Event.OUR_BLOCK: [B, B, B, B, B, B, B],
    Event.OUR_UNBLOCK: [UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, N],
    Event.THEIR_OFFER: [T, A, T, A, T, T, BLOCKED],
    Event.THEIR_ACCEPT: [UNKNOWN, A, UNKNOWN, A, UNKNOWN, UNKNOWN, BLOCKED],
    Event.THEIR_REJECT: [UNKNOWN, D, UNKNOWN, E, D, E, BLOCKED],
    Event.THEIR_UNDO: [N, UNKNOWN, N, E, D, E, BLOCKED],
}
THEIRS = [event for event in Event if event.name.startswith("THEIR_")]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_every_event_in_every_state_leads_where_the_table_says(state: State, event: Event) -> None:
    expected = EXPECTED[event][ORDER.index(state)]

    after = step(state, event)

    if isinstance(expected, State):
        assert after is expected
    else:
        assert isinstance(after, Refused)
        assert after.reason is expected


def walk(events: list[Event], *, start: State = State.NONE) -> State:
    state = start
    for event in events:
        after = step(state, event)
        state = state if isinstance(after, Refused) else after
    return state


def test_both_ways_lead_to_a_peering() -> None:
    assert walk([Event.OUR_OFFER, Event.THEIR_ACCEPT]) is State.ACCEPTED
    assert walk([Event.THEIR_OFFER, Event.OUR_ACCEPT]) is State.ACCEPTED
    assert walk([Event.OUR_OFFER, Event.THEIR_OFFER]) is State.ACCEPTED
    assert walk([Event.THEIR_OFFER, Event.OUR_OFFER]) is State.ACCEPTED


@given(st.lists(st.sampled_from(THEIRS), max_size=12))
def test_they_alone_can_never_bring_about_a_peering(events: list[Event]) -> None:
    assert walk(events) is not State.ACCEPTED
    assert walk([Event.OUR_BLOCK, *events]) is State.BLOCKED


@given(st.lists(st.sampled_from(Event), max_size=12))
def test_there_is_no_peering_that_one_side_has_not_agreed_to(events: list[Event]) -> None:
    ours = any(event in {Event.OUR_OFFER, Event.OUR_ACCEPT} for event in events)
    theirs = any(event in {Event.THEIR_OFFER, Event.THEIR_ACCEPT} for event in events)

    if walk(events) is State.ACCEPTED:
        assert ours
        assert theirs


@given(st.sampled_from(State), st.sampled_from(Event))
def test_an_event_that_arrives_twice_has_one_effect(state: State, event: Event) -> None:
    assert walk([event], start=state) is walk([event, event], start=state)


def test_the_states_have_the_words_that_are_stored() -> None:
    assert [state.value for state in ORDER] == [
        "none",
        "we-asked",
        "they-asked",
        "accepted",
        "declined",
        "ended",
        "blocked",
    ]


def test_the_word_list_is_the_published_one() -> None:
    published = "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda"

    assert len(set(WORDS)) == 2048
    assert hashlib.sha256("".join(f"{word}\n" for word in WORDS).encode()).hexdigest() == published


@pytest.mark.parametrize(
    ("entropy", "expected"),
    [
        # BIP 39 test vectors: the first eleven words are the entropy itself, the twelfth holds its checksum.
        ("00" * 16, ["abandon"] * 11),
        (
            "7f" * 16,
            ["legal", "winner", "thank", "year", "wave", "sausage", "worth", "useful", "legal", "winner", "thank"],
        ),
        ("ff" * 16, ["zoo"] * 11),
        (
            "9e885d952ad362caeb4efe34a8e91bd2",
            ["ozone", "drill", "grab", "fiber", "curtain", "grace", "pudding", "thank", "cruise", "elder", "eight"],
        ),
    ],
)
def test_the_words_are_those_of_the_published_vectors(entropy: str, expected: list[str]) -> None:
    assert list(words_for(bytes.fromhex(entropy), count=11)) == expected


def test_more_words_than_there_are_bits_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="bytes"):
        words_for(bytes(8), count=6)


NORTH = ("https://north.example/council", "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK")
SOUTH = ("https://south.example/council", "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")


def test_both_sides_see_the_same_six_words() -> None:
    ours, theirs = words(*NORTH, *SOUTH), words(*SOUTH, *NORTH)

    assert ours == theirs
    assert len(ours) == 6
    assert set(ours) <= set(WORDS)


def test_the_words_are_the_first_66_bits_of_the_digest_of_both() -> None:
    text = "comarca peering 1\n" + f'[["{NORTH[0]}","{NORTH[1]}"],["{SOUTH[0]}","{SOUTH[1]}"]]'
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:9], "big") >> 6

    found = words(*NORTH, *SOUTH)

    assert sum(WORDS.index(word) << 11 * place for place, word in enumerate(reversed(found))) == number


@pytest.mark.parametrize(
    "other",
    [
        (NORTH[0], SOUTH[1], SOUTH[0], NORTH[1]),
        (*NORTH, "https://south.example/councils", SOUTH[1]),
        (*NORTH, SOUTH[0], NORTH[1]),
    ],
)
def test_another_address_or_key_gives_other_words(other: tuple[str, str, str, str]) -> None:
    assert words(*other) != words(*NORTH, *SOUTH)
