"""The pieces of the demo's start page that need no running council: figures, marks, the counter, what is read off a page."""

import threading
import time
from concurrent.futures import Future

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import lint
from node.demo.asking import Reply
from node.demo.checking import NotSeen
from node.demo.councils import PLACES, SKETCHES
from node.demo.processes import Stopped
from node.demo.seeds import SEEDS
from node.demo.start import wording
from node.demo.start.counter import Counter
from node.demo.start.eyes import _read, _short
from node.demo.start.story import DEEDS, STEPS
from node.demo.start.travel import listed, within
from node.demo.start.walls import Note, Wall, marked, seen_on
from node.features.resources import rules

WORDS = {
    **wording.NEED,
    **{f"r-{k}": v for k, v in wording.RESOLUTION.items()},
    **{f"d-{k}": v for k, v in wording.DRILL.items()},
}


@pytest.mark.parametrize("text", WORDS.values())
def test_what_the_story_puts_up_names_no_house_and_no_illness(text: str) -> None:
    assert lint.house_number(text) is None
    assert lint.health_words(text) is None


@pytest.mark.parametrize("sketch", SKETCHES, ids=lambda sketch: sketch.name)
def test_nobody_is_named_in_anything_that_stands_on_a_wall(sketch: object) -> None:
    texts = [*WORDS.values(), *PLACES]
    for seeds in SEEDS.values():
        texts += [str(value) for one in (*seeds.resources, *seeds.resolutions, *seeds.alerts) for value in one.values()]

    assert [text for text in texts for other in SKETCHES if other.keeper in text] == []


def test_the_story_rests_on_what_the_seeds_put_up() -> None:
    fans = next(one for one in SEEDS["Harbour"].resources if one["title"] == wording.FANS)
    titles = [one["title"] for seeds in SEEDS.values() for one in (*seeds.resources, *seeds.resolutions)]

    rules.check_words({"title": wording.NEED["title"], "near": wording.NEED["near"]}, audience="public", has_place=True)
    assert int(fans["quantity"]) > wording.LENT
    assert wording.NEED["near"] in PLACES
    assert wording.SPOKEN in wording.RESOLUTION["text"]
    assert wording.TWISTED not in wording.RESOLUTION["text"]
    assert wording.NEED["title"] not in titles and wording.RESOLUTION["title"] not in titles


def test_every_button_has_a_name_and_words_of_its_own() -> None:
    deeds = [deed for step in STEPS for deed in step.deeds]

    assert len(DEEDS) == len(deeds) == len({deed.label for deed in deeds})
    assert [step.number for step in STEPS] == list(range(1, 8))


@given(st.floats(min_value=0, max_value=1000))
def test_within_is_never_less_than_it_took(seconds: float) -> None:
    said = float(within(seconds).removesuffix(" s"))

    assert seconds - 1e-9 <= said <= seconds + 0.1 + 1e-9


def test_names_are_listed_as_one_says_them() -> None:
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def note(key: str, *, meta: tuple[str, ...] = ()) -> Note:
    return Note(key=key, kind="need", title=key, language="en", href="/", meta=meta)


def wall(*notes: Note, answers: bool = True) -> Wall:
    return Wall("Harbour", "http://harbour", answers, notes)


def test_what_is_new_or_changed_is_marked_and_comes_first() -> None:
    before = seen_on((wall(note("old"), note("fans", meta=("10 fans",))),), None)

    (now,) = marked((wall(note("old"), note("fans", meta=("4 left",)), note("fresh")),), before)

    assert [(one.key, one.mark) for one in now.notes] == [("fans", "changed"), ("fresh", "new"), ("old", "")]


def test_a_wall_that_was_dark_is_compared_with_what_stood_there_before() -> None:
    lit = seen_on((wall(note("old")),), None)
    dark = seen_on((wall(answers=False),), lit)

    (back,) = marked((wall(note("old"), note("missed")),), dark)

    assert [(one.key, one.mark) for one in back.notes] == [("missed", "new"), ("old", "")]
    assert marked((wall(note("x"), answers=False),), lit)[0].notes[0].mark == ""
    assert marked((wall(note("x")),), None)[0].notes[0].mark == ""


def test_wishes_are_fulfilled_in_their_order_by_whoever_serves() -> None:
    counter, done = Counter(), []

    first, second = counter.ask(lambda: done.append(threading.current_thread())), counter.ask(lambda: 1 / 0)
    counter.serve(0)
    counter.serve(0)
    counter.serve(0)

    assert done == [threading.main_thread()] and first.done()
    assert isinstance(second.exception(timeout=0), ZeroDivisionError)


def test_a_wish_that_is_given_up_is_not_fulfilled() -> None:
    counter, done = Counter(), []
    future = counter.ask(lambda: done.append(1))

    assert future.cancel()
    counter.serve(0)

    assert done == []


def test_being_stopped_in_the_middle_goes_on_and_the_asker_is_told() -> None:
    def stopped() -> None:
        raise Stopped

    counter = Counter()
    future = counter.ask(stopped)

    with pytest.raises(Stopped):
        counter.serve(0)

    assert isinstance(future.exception(timeout=0), NotSeen)


def test_nobody_waits_at_a_closed_counter() -> None:
    counter = Counter()
    waiting: list[Future[None]] = [counter.ask(lambda: None)]

    counter.close()
    waiting.append(counter.ask(lambda: None))

    assert all(isinstance(one.exception(timeout=0), NotSeen) for one in waiting)


def test_serving_waits_no_longer_than_it_is_told() -> None:
    began = time.monotonic()

    Counter().serve(0.01)

    assert time.monotonic() - began < 5


PAGE = """<body><p class="said">menu</p><dl><dt>not here</dt></dl><main><p class="kind"><svg></svg> <span>Needed</span></p>
<h1 lang="en">Fans &amp; ice</h1><p class="said">They do <b>not</b> cool.</p><dl><div><dt>How much</dt><dd dir="auto">16
 fans</dd></div><div><dt>From</dt><dd></dd></div></dl><p>else</p></main><p class="lead">foot</p></body>"""


def test_a_page_is_read_as_it_is_seen() -> None:
    page = _read(Reply(200, {}, PAGE.encode()))

    assert (page.kind, page.title, " ".join(page.said)) == ("Needed", "Fans & ice", "They do not cool.")
    assert list(zip(page.terms, page.texts, strict=True)) == [("How much", "16 fans"), ("From", "")]
    assert page.lead == []


def test_an_address_is_shortened_and_still_tells_what_was_asked_of_whom() -> None:
    assert _short("http://127.0.0.1:8101", "/o/abcdefghij") == "127.0.0.1:8101/o/abcdef…"
    shown = _short("http://127.0.0.1:8102", "/slip?id=http%3A%2F%2F127.0.0.1%3A8101%2Fo%2Fabcdefghij")
    assert shown == "127.0.0.1:8102/slip?id=…/o/abcdef…"
