"""Number, phrase and link of a note: shown once, kept as hashes, in no log and no address, and forgotten in time."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.features.resources import numbers
from node.features.resources.asking import opening
from node.features.resources.tables import Resource
from tests import builders
from tests.features.asking import ask, decide, kept, opens, said, slip_in
from tests.features.test_letter_occasions import MAIL
from tests.features.test_tidying import engine_of, kept_in
from tests.features.test_what_stays_home import forget
from tests.features.village import START, Village, village_in

KEY = builders.council("riverside").lookup_key
NOTE = Resource(code="7KQM4V", link_hash="a" * 64)
GOOD = opening.pass_for(NOTE, KEY, now=START)
WRONG = "acorn owl kite plum"


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    """A council that can send letters."""
    with village_in(tmp_path, mail=MAIL) as built:
        yield built


async def test_secrets_lie_nowhere_in_the_clear(village: Village, tmp_path: Path) -> None:
    async with village.browser() as rosa:
        slip = await ask(rosa)
        await opens(rosa, slip.number, slip.secret)
        await rosa.get(slip.link)

    files = kept_in(tmp_path)
    row = kept(village, slip)
    assert slip.secret.encode() not in files and slip.link.removeprefix("/note/").encode() not in files
    assert row.phrase_hash == numbers.phrase_hash(slip.code, slip.secret, village.council.lookup_key)
    assert row.link_hash is not None and slip.code.encode() in files


async def test_pages_with_a_secret_are_stored_packed_and_referred_to_by_nobody(village: Village) -> None:
    async with village.browser() as rosa:
        rosa.headers["accept-encoding"] = "gzip"
        answer = await rosa.post("/ask", data={"words": "Bread"})
        slip = slip_in(answer.text)
        door, note = await opens(rosa, slip.number, slip.secret), await rosa.get("/note")
        link = await rosa.get(slip.link)
        open_form = await (fresh := village.browser()).get("/ask", headers={"accept-encoding": "gzip"})
        await fresh.aclose()

    for page in (answer, door, note, link):
        assert page.headers["cache-control"] == "private, no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "content-encoding" not in page.headers
    assert open_form.headers["content-encoding"] == "gzip", "a page without a secret may be packed"
    for page in (door, note, link):
        assert slip.secret not in page.text + str(page.headers) and slip.link not in page.text + str(page.headers)
    held = link.headers["set-cookie"]
    assert held.startswith("__Host-note=") and all(word in held for word in ("HttpOnly", "Secure", "SameSite=lax"))
    assert "Max-Age" not in held and "expires" not in held.lower()


async def test_a_fault_gives_no_phrase_back_and_logs_none(
    village: Village, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(*_given: Any, **_named: Any) -> None:
        raise RuntimeError("the true cause")

    async with village.browser() as rosa:
        slip = await ask(rosa)
        await rosa.post("/note/away")
        await opens(rosa, slip.number, slip.secret)
        monkeypatch.setattr(numbers, "fits", broken)
        monkeypatch.setattr(opening, "by_link", broken)
        by_phrase, by_link = await opens(rosa, slip.number, slip.secret), await rosa.get(slip.link)

    written = "".join(capfd.readouterr())
    assert (by_phrase.status_code, by_link.status_code) == (500, 500)
    assert "the true cause" in written
    secrets = (slip.secret, slip.secret.split()[0], slip.link.removeprefix("/note/"))
    assert not any(secret in text for secret in secrets for text in (written, by_phrase.text, by_link.text))


@pytest.mark.parametrize("number", ["7KQ-M4V", "", "no number", "٧KQM4T"])
async def test_an_unknown_number_and_a_wrong_phrase_are_one_answer_after_the_same_work(
    village: Village, number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    true_hash = numbers.phrase_hash
    monkeypatch.setattr(numbers, "phrase_hash", lambda *one: hashed.append(one[0]) or true_hash(*one))
    async with village.browser() as rosa, village.browser() as guess:
        slip = await ask(rosa)
        hashed.clear()
        wrong_phrase = await opens(guess, slip.number, WRONG)
        of_a_number = len(hashed)
        wrong_number = await opens(guess, number, WRONG)
        right = await opens(guess, slip.number, slip.secret)

    assert (wrong_phrase.status_code, wrong_number.status_code, right.status_code) == (422, 422, 303)
    told = "This number and this phrase open nothing"
    assert told in said(wrong_phrase) and said(wrong_phrase) == said(wrong_number)
    assert of_a_number == 1 and len(hashed) == 3


async def test_wrong_tries_are_few_and_the_link_still_opens(village: Village) -> None:
    by_number = int(village.site.settings.limits.sign_in_per_minute / 2)
    async with village.browser() as rosa, village.browser() as guess:
        slip = await ask(rosa)
        other = await ask(rosa)
        tries = [(await opens(guess, slip.number, f"{WRONG} {n}")).status_code for n in range(by_number)]
        too_many = await opens(guess, slip.number.lower(), slip.secret)
        another = await opens(guess, other.number, other.secret)
        link = await guess.get(slip.link)
        village.clock.advance(60)
        later = await opens(guess, slip.number, slip.secret)

    assert set(tries) == {422}
    assert too_many.status_code == 429 and "Wait a minute" in said(too_many), "even the right phrase waits"
    assert (another.status_code, link.status_code, later.status_code) == (303, 303, 303)


async def test_wrong_tries_are_few_in_all(village: Village) -> None:
    most = int(village.site.settings.limits.sign_in_per_minute * 6)
    async with village.browser() as guess:
        codes = [numbers.new_code(builders.SeededRandomness(f"{n}")) for n in range(most + 1)]
        answers = [(await opens(guess, code, WRONG)).status_code for code in codes]

    assert answers == [422] * most + [429]


async def test_what_lets_a_browser_in_ends_with_what_it_was_made_from(village: Village) -> None:
    async with village.browser() as rosa:
        first, second = await ask(rosa), await ask(rosa)
        held = rosa.cookies["__Host-note"]
        forged = held.replace(second.code, first.code)
        made_up = [forged, held[:-1], "", f"{first.code}.{'9' * 12}.{'0' * 43}"]
        rosa.cookies.clear()
        pages = {one: await rosa.get("/note", headers={"cookie": f"__Host-note={one}"}) for one in (held, *made_up)}

    assert [one for one, page in pages.items() if "What you asked for" in page.text] == [held]


@given(text=st.one_of(st.text(), st.from_regex(r"[2-9C-X]{0,7}\.[0-9٣]{0,14}\.[0-9a-f]{0,45}", fullmatch=True)))
def test_whatever_a_browser_brings_is_read_or_none(text: str) -> None:
    read = opening.read_pass(text)

    if read is not None:
        assert (read[0], f"{read[1]:0{len(text.split('.')[1])}}", read[2]) == tuple(text.split("."))
    code, until, mac = opening.read_pass(GOOD) or ("", 0, "")
    assert f"{code}.{until}.{mac}" == GOOD


@pytest.mark.parametrize("how", ["closed", "ended"])
async def test_72_hours_later_nothing_of_it_is_in_the_files_and_it_opens_no_more(
    village: Village, tmp_path: Path, how: str
) -> None:
    canaries = {"contact": "rosa@quince.example", "exact_place": "third bell Quincy"}
    async with village.browser() as rosa:
        slip = await ask(rosa, until="tonight", **canaries)
        await rosa.post("/note/say", data={"say": "Quincewords, from Rosa"})
        if how == "closed":
            await rosa.post("/note/done", data={"outcome": "met"})
        row = kept(village, slip)
        village.clock.advance(
            ((row.closed_at or row.ends_at) - village.clock.now() + timedelta(hours=71)).total_seconds()
        )
        early, engine = await forget(engine_of(village), tmp_path), engine_of(village)
        still = await opens(rosa, slip.number, slip.secret)
        village.clock.advance(3600)
        late = await forget(engine, tmp_path)
        after = [await opens(rosa, slip.number, slip.secret), await rosa.get(slip.link), await rosa.get("/note")]

    words = [*(word.encode() for word in canaries.values()), b"Quincewords"]
    assert all(word in early for word in words) and not any(word in late for word in words)
    assert still.status_code == 303
    assert [page.status_code for page in after] == [422, 404, 200] and "Open your note" in after[2].text
    assert village.rows("SELECT 1 FROM reply UNION SELECT 1 FROM letter") == []
    assert kept(village, slip).code == slip.code


async def test_the_rule_can_change_and_what_was_asked_before_stays_as_it_was(village: Village) -> None:
    async with village.browser() as rosa:
        before = await ask(rosa)
        decide(village, "shown")
        after = await ask(rosa)

    assert [kept(village, slip).shown for slip in (before, after)] == ["held", "shown"]
