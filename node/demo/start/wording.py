"""What the people of the story write on the walls when a button of the start page is pressed.

The same promises as in `node/demo/seeds.py`: no house number, no illness beside a place, nobody named. A test reads them.
"""

from collections.abc import Mapping
from typing import Final

FANS: Final = "Fans from the net loft"
"""Harbour's offer, which stands on its wall from the beginning."""
FANS_KIND: Final = "tools"
FANS_WORD: Final = "fans"
LENT: Final = 6

NEED: Final[Mapping[str, str]] = {
    "title": "Fans for the rooms under the roof",
    "words": "Sixteen would do. They do not cool down at night; any fan that turns is welcome, and comes back in autumn.",
    "near": "Mill Lane",
}
ASKED: Final[Mapping[str, str]] = {
    "words": f"{NEED['title']}\n{NEED['words']}",
    "kind": FANS_KIND,
    "near": NEED["near"],
    "until": "week",
    "audience": "neighbours",
}
"""The same as it is typed by somebody without an account: what it is and more about it in one field."""

SPOKEN, TWISTED = "is open all night", "is shut all night"
"""One word of the resolution, as it was agreed and as somebody would like it."""

RESOLUTION: Final[Mapping[str, str]] = {
    "title": "The hall stays open at night while it is hot",
    "text": f"While the nights stay above twenty-two degrees, the tenants' hall {SPOKEN}.\n"
    "Two of us are there, in turns. Whoever wants to sleep there sleeps there; nobody is asked why.",
    "audience": "public",
}
AGREEING = 2
"""So many of the three must agree."""
ANSWERS: Final[Mapping[str, tuple[str, str]]] = {
    "Harbour": ("Accept", "We have two who can sit there on Fridays."),
    "Hillside": ("TentativeAccept", "Not on the night of the market."),
}

DRILL: Final[Mapping[str, str]] = {
    "title": "Who would carry water up if the lifts stood still",
    "event": "Heat",
    "words": "We try out our call for help before the hottest night. Nothing has happened.",
    "wanted": "Say that you have heard this, and how many of you could come.",
    "instruction": "Drink, close the shutters, rest on every floor.",
    "near": "Mill Lane",
}
DRILL_ANSWERS: Final[Mapping[str, tuple[str, str]]] = {
    "Harbour": ("come", "Four of us, with two trolleys."),
    "Hillside": ("heard", "We would come by bicycle."),
}
