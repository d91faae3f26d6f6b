"""`comarca demo`: the region, its start page, what else to look at, and then fulfilling its buttons until it is stopped."""

import json
import sys
from pathlib import Path

from node.demo.checking import NotSeen
from node.demo.linking import words_between
from node.demo.processes import Stopped
from node.demo.region import Region, running_region
from node.demo.start.scene import Scene
from node.demo.start.serving import StartPage
from node.demo.start.story import Story

LOOK_EVERY = 0.5


def run_demo(keep: Path | None, as_json: bool) -> bool:
    """Run the region until Ctrl-C. True unless it did not come up, or one of its servers ended by itself.

    With `as_json` one JSON object {"start", "folder", "councils": [{name, url, folder, sign_in, records}], "messages"} is
    printed once everything runs, and nothing else; "start" is the address of the start page.
    """
    try:
        with running_region(keep, say=_nothing if as_json else _say) as region:
            story = Story.begin(Scene(region))
            with StartPage(story) as page:
                if as_json:
                    _say(json.dumps({"start": page.url, **_facts(region)}, ensure_ascii=False))
                else:
                    _greet(region, page.url)
                return _wait(story.scene, page)
    except Stopped:
        if not as_json:
            _say("Stopped.")
        return True
    except NotSeen as error:
        sys.stderr.write(f"comarca: the demo did not come up. {error}\n")
        return False


def _wait(scene: Scene, page: StartPage) -> bool:
    """Fulfil what the buttons ask for. A server that the story has switched off has not ended by itself."""
    while True:
        for one in scene.region.councils:
            if not one.server.running and not scene.is_off(one):
                sys.stderr.write(f"comarca: the server of {one.name} has ended.\n{one.server.last_words()}\n")
                return False
        page.counter.serve(LOOK_EVERY)


def _facts(region: Region) -> dict[str, object]:
    councils = [
        {
            "name": one.name,
            "url": one.url,
            "folder": str(one.settings.directory),
            "sign_in": one.sign_in_link(keeper=True),
            "records": region.records[one.name],
        }
        for one in region.councils
    ]
    return {"folder": str(region.folder), "councils": councils, "messages": region.messages}


def _greet(region: Region, start: str) -> None:
    riverside, harbour = region.riverside, region.harbour
    _say(f"  Start here  {start}   three walls, one story, seven steps to press")
    for one in region.councils:
        _say(f"  {one.name:<10} {one.url}   {region.records[one.name]} records of its own on the wall")
    _say(f"  {region.messages} signed messages delivered, 0 waiting")
    _say(f"  Riverside and Harbour compared six words: {words_between(riverside, harbour.council.actor_id)}")
    _say()
    _say("Sign in (each link works once, within a day):")
    for one in region.councils:
        _say(f"  {one.name:<10} {one.sign_in_link(keeper=True)}")
    _say()
    _say("Try:")
    _say(f"  Put up an offer for everybody at {riverside.url}/put-up/offer")
    _say(f"  and find it a moment later at {harbour.url}/around (one for neighbours: sign in there too)")
    _say(f"  or ask like a program: curl '{harbour.url}/region/availability?category=tools&text=fans'")
    _say(f"  What this node holds of a record: comarca show {harbour.settings.directory} ADDRESS")
    _say()
    _say("Stop with Ctrl-C.")


def _say(words: str = "") -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _nothing(_words: str) -> None:
    return
