"""What stands on the three walls when the demo begins: a heat wave, told by needs, offers, decisions and a drill.

What the start page puts up later is no part of it; its words are in `node/demo/start/wording.py`.

Everything is put up by the actions that the pages use, and keeps the product's promises: no house numbers, no illness
beside a place, nobody named. A test reads every word here with the product's own lints.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from node.demo.councils import DemoCouncil
from node.features.alerts.actions import put_up as call_for_help
from node.features.resolutions.actions import put_up as put_up_resolution
from node.features.resources.actions import put_up
from node.profile.rules_kept import WITHOUT_ACCOUNT, set_rule
from schemas.records.alert import AlertForm
from schemas.records.resolution_forms import ResolutionForm
from schemas.records.resource import ResourceForm

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seeds:
    """The records of one council. `decided_days_ago` and `looked_at_in_days` of a resolution count from the start.

    `without_account` is what becomes of a note by somebody without an account, where the council has decided that.
    """

    resources: tuple[Given, ...]
    resolutions: tuple[Given, ...] = ()
    alerts: tuple[Given, ...] = ()
    without_account: str = ""


SEEDS: dict[str, Seeds] = {
    "Riverside": Seeds(
        without_account="shown",
        resources=(
            {
                "direction": "need",
                "title": "Two long ladders",
                "words": "To hang wet sheets over the stairwell windows before noon. We hold them with you.",
                "category": "tools",
                "quantity": "2",
                "unit": "ladders",
                "near": "Mill Lane",
                "audience": "neighbours",
                "until": "week",
            },
            {
                "direction": "offer",
                "title": "Cool room in the tenants' hall",
                "words": "Thick walls, chairs, a kettle, a shelf of games. Come and sit for as long as you like.",
                "category": "shelter",
                "quantity": "25",
                "unit": "seats",
                "near": "Tenants' hall",
                "audience": "public",
                "until": "week",
            },
            {
                "direction": "offer",
                "title": "Lifts to the cool room",
                "words": "Two cars, from noon until dark. Say when, and how many of you there are.",
                "category": "transport",
                "quantity": "6",
                "unit": "lifts",
                "near": "Riverside gardens",
                "audience": "neighbours",
                "until": "tomorrow",
            },
            {
                "direction": "need",
                "title": "Somebody to open the hall at night",
                "words": "From ten until two, in pairs. There is a folding bed and good company.",
                "category": "time",
                "near": "Tenants' hall",
                "audience": "council",
                "until": "week",
            },
        ),
        resolutions=(
            {
                "title": "A knock on the next doors, morning and evening",
                "text": "While it is hot, each of us knocks at the doors beside our own, in the morning and in the evening.\n"
                "Whoever does not want that says so once, and nobody asks why.",
                "present": 27,
                "stand_asides": 1,
                "decided_days_ago": 4,
                "looked_at_in_days": 24,
            },
        ),
    ),
    "Harbour": Seeds(
        resources=(
            {
                "direction": "offer",
                "title": "Fans from the net loft",
                "words": "Ten that work, and two that somebody handy could mend. Fetch them between four and eight.",
                "category": "tools",
                "quantity": "10",
                "unit": "fans",
                "near": "Net loft",
                "audience": "public",
                "until": "week",
            },
            {
                "direction": "offer",
                "title": "Ice from the market",
                "words": "Bags of crushed ice when the stalls close. Bring something to carry it in.",
                "category": "goods",
                "quantity": "20",
                "unit": "bags",
                "near": "Fish market",
                "audience": "public",
                "until": "tomorrow",
            },
            {
                "direction": "need",
                "title": "Cloth for shade on the quay",
                "words": "Old sheets and sails, whatever colour. We sew in the loft, with coffee.",
                "category": "goods",
                "near": "Quay",
                "audience": "public",
                "until": "week",
            },
        ),
        resolutions=(
            {
                "title": "Quiet hours while it is hot",
                "text": "From noon to five nobody hammers, cuts or unloads on the quay, so that all can rest.\n"
                "What cannot wait is done with a word to the neighbours first.",
                "present": 18,
                "stand_asides": 1,
                "decided_days_ago": 2,
                "looked_at_in_days": 26,
            },
        ),
    ),
    "Hillside": Seeds(
        resources=(
            {
                "direction": "offer",
                "title": "Water round",
                "words": "Every evening from the spring, with the cart. Put your bottles by the steps; we fill them.",
                "category": "water",
                "quantity": "60",
                "unit": "bottles",
                "near": "Spring meadow",
                "audience": "public",
                "until": "week",
            },
            {
                "direction": "offer",
                "title": "Dal and rice on the top terrace",
                "words": "Mild, no nuts. Bring a bowl, stay and eat together where there is a breeze.",
                "category": "food",
                "quantity": "30",
                "unit": "portions",
                "near": "Top terrace",
                "audience": "public",
                "until": "tomorrow",
            },
            {
                "direction": "need",
                "title": "A van for an hour",
                "words": "To bring the benches from the school yard up to the shade, and down again next week.",
                "category": "transport",
                "near": "School yard",
                "audience": "neighbours",
                "until": "week",
            },
        ),
        alerts=(
            {
                "title": "Who reaches whom on a hot night",
                "words": "We try out our call tree before the hottest night. Nothing has happened.",
                "event": "Heat",
                "wanted": "Say that you have heard, and who you would knock for.",
                "instruction": "Drink, close the shutters, look in on the doors beside yours.",
                "category": "Met",
                "urgency": "Future",
                "severity": "Minor",
                "certainty": "Likely",
                "exercise": True,
                "near": "Top terrace",
            },
        ),
    ),
}


def seed(one: DemoCouncil) -> int:
    """Put up everything of one council, by its neighbour. Returns how many records that were."""
    seeds, acting = SEEDS[one.name], one.acting()
    today = one.clock.now()
    if seeds.without_account:
        keeper, value = one.acting(keeper=True), seeds.without_account
        one.do(lambda c: set_rule(c, keeper, name=WITHOUT_ACCOUNT, value=value))
    for given in seeds.resources:
        form = ResourceForm.model_validate(given)
        one.do(lambda c, form=form: put_up(c, form, acting))  # type: ignore[misc]
    for given in seeds.resolutions:
        decision = resolution_form(given, today)
        one.do(lambda c, form=decision: put_up_resolution(c, form, acting))  # type: ignore[misc]
    for given in seeds.alerts:
        alert = AlertForm.model_validate(given)
        one.do(lambda c, form=alert: call_for_help(c, form, acting))  # type: ignore[misc]
    return len(seeds.resources) + len(seeds.resolutions) + len(seeds.alerts)


def resolution_form(given: Given, today: datetime) -> ResolutionForm:
    """A resolution of SEEDS with its days counted from `today`."""
    words = dict(given)
    decided = today - timedelta(days=words.pop("decided_days_ago"))
    review = today + timedelta(days=words.pop("looked_at_in_days"))
    return ResolutionForm.model_validate({**words, "decided_at": decided.date(), "review_on": review.date()})
