"""Who may see what: a follower reads what is public, a member at Harbour what is for nearby councils, a passer-by not."""

import json
from typing import Any

from node.demo.checking import check, wait_for
from node.demo.stage import Stage, address_of_new, anybody, signed_in
from node.demo.steps.availability import found_at
from node.demo.walking import Seen, Sought, walk

FOLLOWED_WITHIN = 5.0
ARRIVES_WITHIN = 5.0
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
NEAR = "Riverside gardens"
# One word to search by, and one that no question ever contains: only an answer that shows the record has it.
SEARCHED = "stoves"
SECRET = "zwirbelkiefer"


def a_follower_of_the_wider_fediverse_gets_a_readable_note(stage: Stage) -> str:
    reply = stage.follower.follow(stage.riverside.council.actor_id, now=stage.riverside.clock.now())
    check(reply.status == 202, f"the Follow was answered {reply.status} {reply.reason}")
    wait_for(lambda: stage.follower.received(lambda a: a.get("type") == "Accept"), "the Accept", within=FOLLOWED_WITHIN)
    address = _put_up(stage, title="Board games to borrow", words="For long hot afternoons.", audience="public")

    def create() -> dict[str, Any] | None:
        came = stage.follower.received(lambda a: a.get("type") == "Create" and _object_of(a) == address)
        return came[0].activity if came else None

    activity = wait_for(create, "the Create", within=ARRIVES_WITHIN)
    note = activity["object"]
    check(note["type"] == "Note" and PUBLIC in activity["to"], f"it is a {note['type']} to {activity['to']}")
    for words in ("Board games to borrow", "For long hot afternoons.", NEAR):
        check(words in note["content"], f"the note does not say {words!r}: {note['content'][:200]}")
    return "a public Note that says what, where and until when"


def an_offer_for_neighbours_only_is_found_by_a_member_at_harbour(stage: Stage) -> str:
    title, words = f"Two camping {SEARCHED}", f"Ask for the {SECRET} box."
    stage.marks["neighbours"] = address = _put_up(stage, title=title, words=words, audience="neighbours")
    member = signed_in(stage.harbour)

    item = wait_for(lambda: found_at(member, address, text=SEARCHED), "the member finds it", within=ARRIVES_WITHIN)
    check(SECRET in item["words"] and item["audience"] == "neighbours", f"it is shown as {item}")
    seen = showing(walk(member, _sought(stage)))
    for path in ("/region/availability", "/around", "/api/objects", "/slip"):
        check(any(one.target.startswith(path) for one in seen), f"the member does not see it under {path}")
    wait_for(lambda: found_at(signed_in(stage.hillside), address, text=SEARCHED), "Hillside too", within=ARRIVES_WITHIN)
    return f"in {len(seen)} answers of Harbour to a member"


def no_passer_by_finds_it_on_any_page_list_search_or_api_of_anybody(stage: Stage) -> str:
    asked = 0
    for one in stage.region.councils:
        answers = walk(anybody(one), _sought(stage))
        shown = showing(answers)
        check(not shown, f"{one.name} shows it under {shown[0].target} ({shown[0].accept})" if shown else "")
        broken = [seen for seen in answers if seen.reply.status >= 500]
        check(not broken, f"{one.name} answers {broken[0].reply.status} to {broken[0].target}" if broken else "")
        asked += len(answers)
    return f"nowhere in {asked} answers of the three"


def the_follower_never_got_it(stage: Stage) -> str:
    # What is public and was put up later has come: so nothing that was put up before it is still on its way.
    later = _put_up(stage, title="Watering cans", words="Six of them.", audience="public")
    wait_for(
        lambda: stage.follower.received(lambda a: _object_of(a) == later), "what came later", within=ARRIVES_WITHIN
    )
    address = stage.marks["neighbours"]
    leaked = stage.follower.received(lambda a: SECRET in json.dumps(a) or address in json.dumps(a))
    check(not leaked, f"it got {json.dumps(leaked[0].activity)[:200]}" if leaked else "")
    return f"{len(stage.follower.stranger.delivered)} messages, none of them about it"


def showing(answers: list[Seen]) -> list[Seen]:
    """The answers that show the record."""
    return [seen for seen in answers if SECRET in seen.reply.text]


def _sought(stage: Stage) -> Sought:
    return Sought(stage.marks["neighbours"], SEARCHED, NEAR)


def _put_up(stage: Stage, *, title: str, words: str, audience: str) -> str:
    fields = {
        "title": title,
        "words": words,
        "kind": "goods",
        "near": NEAR,
        "audience": audience,
        "until": "tomorrow",
    }
    return address_of_new(stage.neighbour.fill_in("/put-up/offer", fields), stage.riverside)


def _object_of(activity: dict[str, Any]) -> object:
    thing = activity.get("object")
    return thing.get("id") if isinstance(thing, dict) else thing


STEPS = (
    a_follower_of_the_wider_fediverse_gets_a_readable_note,
    an_offer_for_neighbours_only_is_found_by_a_member_at_harbour,
    no_passer_by_finds_it_on_any_page_list_search_or_api_of_anybody,
    the_follower_never_got_it,
)
