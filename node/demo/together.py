"""What councils do together, by the pages of each: one text put to all, their answers, the count, and an answer to a call."""

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import quote
from zoneinfo import ZoneInfo

from node.demo.asking import Visitor, forms_on
from node.demo.checking import check, wait_for
from node.demo.councils import ZONE, DemoCouncil
from node.demo.stage import address_of_new, said_on
from protocol.agreement.record import check_file
from protocol.agreement.tally import Answer, Outcome

ARRIVES_WITHIN = 5.0
ANSWERS_FOR_DAYS = 7
PRESENT, STAND_ASIDES = 17, 1


def put_to_all(at: DemoCouncil, neighbour: Visitor, words: Mapping[str, str], *, at_least: int) -> str:
    """Put a text on the table, open it, and ask every linked council. Returns its address. Raises NotSeen."""
    address = address_of_new(neighbour.fill_in("/put-up/idea", words), at)
    path, today = path_at(at, address), today_at(at)
    opened = neighbour.fill_in(path, {}, action=f"{path}/open")
    check(opened.status == 303, f"opening it answered {opened.status}: {said_on(opened)}")
    ask = f"{path}/ask"
    asked = [name for form in forms_on(neighbour.get(ask).text) for name in form.names if name.startswith("ask-")]
    rule = {"at_least": str(at_least), "until": (today + timedelta(days=ANSWERS_FOR_DAYS)).isoformat()}
    reply = neighbour.fill_in(ask, {**dict.fromkeys(asked, "on"), **rule, **gathering(today)})
    check(reply.status == 303, f"asking {len(asked)} answered {reply.status}: {said_on(reply)}")
    return address


def answer_text(at: DemoCouncil, neighbour: Visitor, address: str, *, verb: str, words: str = "") -> None:
    """What the gathering there says to a text of another council. Raises NotSeen."""
    form = f"/slip/answer?id={quote(address, safe='')}"
    wait_for(lambda: neighbour.get(form).status == 200, f"{at.name} has the text", within=ARRIVES_WITHIN)
    given = {"answer": verb, "words": words, **gathering(today_at(at))}
    reply = neighbour.fill_in(form, given, action="/slip/answer")
    check(reply.status == 303, f"answering at {at.name} gave {reply.status}: {said_on(reply)}")


def count(at: DemoCouncil, neighbour: Visitor, address: str) -> None:
    """Count the answers to a text of this council, and tell everybody. Raises NotSeen."""
    path = path_at(at, address)
    reply = neighbour.fill_in(path, {}, action=f"{path}/count")
    check(reply.status == 303, f"counting answered {reply.status}: {said_on(reply)}")


def answer_call(at: DemoCouncil, neighbour: Visitor, address: str, *, word: str, words: str = "") -> None:
    """What a council says to a call of another: heard, come or cannot. Raises NotSeen."""
    page = f"/slip?id={quote(address, safe='')}"
    wait_for(lambda: neighbour.get(page).status == 200, f"{at.name} has the call", within=ARRIVES_WITHIN)
    reply = neighbour.fill_in(page, {"answer": word, "words": words}, action="/alerts/answer")
    check(reply.status == 303, f"answering at {at.name} gave {reply.status}: {said_on(reply)}")


def record(at: DemoCouncil, address: str) -> bytes | None:
    """The file on a text that anybody can take along at this council, if it has one for passers-by."""
    own = address.startswith(f"{at.url}/")
    path = f"{path_at(at, address)}/record.json" if own else f"/slip/record.json?id={quote(address, safe='')}"
    reply = Visitor(at.url).get(path, accept="application/json")
    return reply.body if reply.status == 200 else None


def outcome(at: DemoCouncil, address: str) -> Outcome | None:
    """What came of a text by the file of this council, which is checked as `comarca verify` checks it."""
    file = record(at, address)
    report = None if file is None else check_file(file)
    return None if report is None or not report.good else report.outcome


def answers(at: DemoCouncil, address: str) -> dict[str, Answer]:
    """Where each asked council stands by the file of this council, by its name; nothing where it has none."""
    file = record(at, address)
    tally = None if file is None else check_file(file).tally
    return {} if tally is None else {each.council.name: each.answer for each in tally.answers}


def faults_in(file: bytes) -> list[str]:
    """The words for what does not hold in a file."""
    return sorted({one.word for one in check_file(file).failed})


def path_at(at: DemoCouncil, address: str) -> str:
    """The path of one of this council's own addresses."""
    return address.removeprefix(at.url)


def gathering(today: date) -> dict[str, str]:
    """What is typed of a gathering of today."""
    return {"decided_at": today.isoformat(), "present": str(PRESENT), "stand_asides": str(STAND_ASIDES)}


def today_at(at: DemoCouncil) -> date:
    return at.clock.now().astimezone(ZoneInfo(ZONE)).date()
