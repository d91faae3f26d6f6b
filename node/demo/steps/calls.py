"""A call for help with its news, answered, and over; and a drill that goes the same way and is never taken for one."""

import time
from collections.abc import Callable
from typing import Any

from node.demo import together
from node.demo.checking import check, wait_for
from node.demo.stage import Stage, address_of_new, anybody, said_on, signed_in

ARRIVES_WITHIN = 5.0
CALL = {
    "title": "The lower path is under water",
    "words": "The river has come over the path below the gardens.",
    "event": "Flood",
    "wanted": "Sandbags, and six people with boots.",
    "instruction": "Keep to the upper path.",
    "near": "Riverside gardens",
}
NEWS, LATER = "The sandbags are there. Two pumps are missing.", "Two pumps, and somebody who can mend one."
ANSWERS = {"Harbour": ("come", "Two pumps, at six."), "Hillside": ("cannot", "")}
SAYS = {"come": "We come", "cannot": "We cannot"}
THANKS = "The water is gone. Thank you all."
DRILL = {"title": "Who would carry water up", "event": "Heat", "wanted": "Say that you have heard this."}


def a_call_for_help_is_updated_answered_and_over_at_all_three(stage: Stage) -> str:
    home, riverside = stage.neighbour, stage.riverside
    address = address_of_new(home.fill_in("/put-up/alert", CALL), riverside)
    path = address.removeprefix(riverside.url)
    called = _everywhere(stage, address, lambda item: item["msg_type"] == "Alert" and item["status"] == "Actual")

    told = home.fill_in(f"/alerts{path.removeprefix('/o')}/news", {"news": NEWS, "wanted": LATER})
    check(told.status == 303, f"the news answered {told.status}: {said_on(told)}")
    changed = _everywhere(stage, address, lambda item: item["msg_type"] == "Update" and item["wanted"] == LATER)

    for council in stage.others:
        word, words = ANSWERS[council.name]
        together.answer_call(council, signed_in(council), address, word=word, words=words)
    for council in stage.others:
        word, words = ANSWERS[council.name]
        wait_for(
            lambda words=words, word=word: SAYS[word] in (page := home.get(path).text) and words in page,  # type: ignore[misc]
            f"the answer of {council.name} stands on its page",
            within=ARRIVES_WITHIN,
        )
    check("Two pumps, at six." not in anybody(riverside).get(path).text, "a stranger reads what was answered")

    ended = home.fill_in(path, {"note": THANKS, "how": "over"}, action=f"{path}/over")
    check(ended.status == 303, f"ending it answered {ended.status}: {said_on(ended)}")
    over = _everywhere(stage, address, lambda item: item["msg_type"] == "Cancel" and item["ended"] == "over")
    return f"heard after {called:.2f} s, news after {changed:.2f} s, two answers, over after {over:.2f} s"


def a_drill_is_heard_as_a_drill_and_is_over(stage: Stage) -> str:
    home, riverside = stage.neighbour, stage.riverside
    address = address_of_new(home.fill_in("/put-up/drill", DRILL), riverside)
    path = address.removeprefix(riverside.url)
    heard = _everywhere(
        stage, address, lambda item: item["status"] == "Exercise" and item["title"].startswith("EXERCISE")
    )
    for council in stage.region.councils:
        wall = signed_in(council).get("/").text
        check('class="strip"' not in wall, f"it stands on top of the pages of {council.name} like a call")
    ended = home.fill_in(path, {"note": "", "how": "over"}, action=f"{path}/over")
    check(ended.status == 303, f"ending it answered {ended.status}: {said_on(ended)}")
    over = _everywhere(stage, address, lambda item: item["msg_type"] == "Cancel" and item["status"] == "Exercise")
    return f"heard after {heard:.2f} s, on no page as a call, over after {over:.2f} s"


def _everywhere(stage: Stage, address: str, holds: Callable[[dict[str, Any]], bool]) -> float:
    """Wait until all three list it so. Returns the seconds that took."""
    began = time.monotonic()
    for council in stage.region.councils:
        reader = signed_in(council)

        def listed(reader: Any = reader) -> bool:
            items = reader.data("/alerts.json")["items"]
            return any(item["id"] == address and holds(item) for item in items)

        wait_for(listed, f"{council.name} lists it so", within=ARRIVES_WITHIN)
    return time.monotonic() - began


STEPS = (
    a_call_for_help_is_updated_answered_and_over_at_all_three,
    a_drill_is_heard_as_a_drill_and_is_over,
)
