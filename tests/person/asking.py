"""What somebody without an account has asked for, at each point of its way, so that every page about it has something on it."""

from node.demo.councils import DemoCouncil
from node.feature import ANYBODY, Acting
from node.features.resources.asking import acts
from node.features.resources.asking.shapes import Beside
from node.features.resources.moderation import acts as moderation
from node.features.resources.moderation.acts import report
from schemas.records.resource import ResourceForm


def asked(one: DemoCouncil, title: str, **beside: str) -> acts.Asked:
    """Somebody asks for it by themselves."""
    acting = Acting(one.clock.now(), one.council, one.settings, ANYBODY)
    form = ResourceForm.model_validate({"direction": "need", "title": title, "until": "week"})
    return one.do(lambda c: acts.ask(c, form, Beside.model_validate(beside), acting, language="en"))


def on_the_way(riverside: DemoCouncil, harbour: DemoCouncil) -> dict[str, list[str]]:
    """One that waits to be read, one that is shown and was reported, and one that is hidden."""
    keeper = riverside.acting(keeper=True)
    note, shown, hidden = (asked(riverside, title) for title in ("A pram", "Blankets for three", "Something rude"))
    riverside.do(lambda c: moderation.show(c, shown.row.public_id, keeper))
    riverside.do(lambda c: moderation.hide(c, hidden.row.public_id, "It is about a person.", keeper))
    now = riverside.clock.now()
    riverside.do(lambda c: report(c, "Who is this about?", row=shown.row, object_id="", now=now))
    return {"/note/{link}": [f"/note/{note.link}"], "/o/{public_id}": [f"/o/{shown.row.public_id}"]}
