"""The three walls as the start page shows them, read from the running servers each time. Nothing here is remembered.

A council's own people are shown more than a passer-by; both are asked for, so that a note can say for whom it is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from node.demo.asking import Visitor
from node.demo.checking import NotSeen
from node.demo.councils import DemoCouncil
from node.demo.stage import anybody
from node.demo.start.lending import freshness_of, heard_at
from node.demo.start.scene import Scene
from node.web import words

MOST_WORDS = 90


@dataclass(frozen=True, slots=True)
class Note:
    """One note. `state` is what would show that it changed; `mark` is "new" or "changed" beside a wall seen before.

    `source` and `age` are of what another council told: who, and since when they are silent, if they are.
    """

    key: str
    kind: str
    title: str
    language: str
    href: str
    meta: tuple[str, ...]
    words: str = ""
    private: bool = False
    source: str = ""
    age: str = ""
    mark: str = ""

    @property
    def state(self) -> tuple[str, ...]:
        return (self.title, self.words, *self.meta)


@dataclass(frozen=True, slots=True)
class Wall:
    """One council's wall, and below it what it holds of the others. `as_of` says how old it is where nobody answers.

    `name` is what the demo calls it, `called` what it calls itself now.
    """

    name: str
    url: str
    answers: bool
    notes: tuple[Note, ...]
    heard: tuple[Note, ...] = ()
    as_of: str = ""
    poster: str = ""
    called: str = ""


Seen = Mapping[tuple[str, str], tuple[str, ...]]


@dataclass
class Walls:
    """Reads the walls of a region."""

    scene: Scene
    _posters: dict[str, bool] = field(default_factory=dict)

    def read(self) -> tuple[Wall, ...]:
        """All three, in their order."""
        return tuple(self._read(one) for one in self.scene.region.councils)

    def _read(self, at: DemoCouncil) -> Wall:
        try:
            if self.scene.is_off(at):
                return self._remembered(at)
            shown = self.scene.known(at).data("/wall.json")
            own = tuple(_own(shown["slips"], anybody(at)))
            heard = tuple(_heard(self.scene, at))
            return Wall(at.name, at.url, True, own, heard, poster=self._poster(at), called=shown["council"])
        except (OSError, NotSeen):
            return Wall(at.name, at.url, False, ())

    def _remembered(self, at: DemoCouncil) -> Wall:
        """What Riverside still holds of a council whose server is off, and as of when."""
        home = self.scene.riverside
        answer = self.scene.known(home).data("/region/availability", limit=200)
        notes = [_found(item, at=home, others=False) for item in answer["items"] if _is_of(item, at)]
        decided = self.scene.known(home).data("/resolutions.json")["items"]
        notes += [_decided(item, at=home, others=False) for item in decided if _is_of(item, at)]
        fresh = next((one for one in answer["councils"] if one["actor"] == at.council.actor_id), None)
        heard = None if fresh is None else heard_at(fresh)
        as_of = "" if heard is None else words.as_of(heard, now=self.scene.now(), zone=home.settings.zone_info)
        return Wall(at.name, at.url, False, tuple(notes), as_of=as_of)

    def _poster(self, at: DemoCouncil) -> str:
        if at.name not in self._posters:
            self._posters[at.name] = anybody(at).get("/poster").status == 200
        return f"{at.url}/poster" if self._posters[at.name] else ""


def _own(slips: list[dict[str, Any]], passer_by: Visitor) -> Iterator[Note]:
    public = {slip["url"] for slip in passer_by.data("/wall.json")["slips"]}
    for slip in slips:
        meta = (*slip["meta"], *filter(None, [slip["source"]]))
        yield Note(
            key=slip["url"],
            kind=slip["kind"],
            title=slip["title"],
            language=slip["language"],
            href=slip["url"],
            meta=meta,
            words=_short(slip["words"]),
            private=slip["url"] not in public,
        )


def _heard(scene: Scene, at: DemoCouncil) -> Iterator[Note]:
    """Needs, offers and resolutions of the others that this council holds verified copies of."""
    visitor = scene.known(at)
    for item in visitor.data("/region/availability", limit=200)["items"]:
        if not _is_of(item, at):
            yield _found(item, at=at, others=True, fresh=freshness_of(scene, item["freshness"]))
    for item in visitor.data("/resolutions.json")["items"]:
        if not _is_of(item, at):
            yield _decided(item, at=at, others=True)


def _is_of(item: dict[str, Any], source: DemoCouncil) -> bool:
    return bool(item["source"]["actor"] == source.council.actor_id)


def _found(item: dict[str, Any], *, at: DemoCouncil, others: bool, fresh: str = "") -> Note:
    amount = words.left(item["available"], item["quantity"], item["unit"])
    return Note(
        key=item["id"],
        kind=item["direction"],
        title=item["title"],
        language="und",
        href=at.url + words.slip_address(item["id"], base_url=at.url),
        meta=tuple(str(part) for part in (amount, item["near"]) if part),
        private=item["audience"] != "public",
        source=item["source"]["name"] if others else "",
        age=fresh.partition(";")[0].removeprefix("has been ") if "silent" in fresh else "",
    )


def _decided(item: dict[str, Any], *, at: DemoCouncil, others: bool) -> Note:
    return Note(
        key=item["id"],
        kind="resolution",
        title=item["title"],
        language=item["language"],
        href=at.url + words.slip_address(item["id"], base_url=at.url),
        meta=(f"No. {item['number']}",),
        private=item["audience"] != "public",
        source=item["source"]["name"] if others else "",
    )


def _short(text: str) -> str:
    first = " ".join(text.split())
    return first if len(first) <= MOST_WORDS else first[:MOST_WORDS].rpartition(" ")[0].rstrip(",.;:") + " …"


def seen_on(walls: tuple[Wall, ...], earlier: Seen | None) -> Seen:
    """What stands where, to tell later what is new. Of a wall that does not answer, what stood there `earlier`."""
    answering = {wall.name for wall in walls if wall.answers}
    now = {(wall.name, note.key): note.state for wall in walls if wall.answers for note in (*wall.notes, *wall.heard)}
    return {where: state for where, state in (earlier or {}).items() if where[0] not in answering} | now


def marked(walls: tuple[Wall, ...], before: Seen | None) -> tuple[Wall, ...]:
    """The same walls, what is new or changed since `before` marked and first. One that does not answer is left as it is."""
    if before is None:
        return walls

    def mark(wall: Wall, note: Note) -> Note:
        then = before.get((wall.name, note.key))
        return replace(note, mark="new" if then is None else "changed" if then != note.state else "")

    def marks_first(wall: Wall, notes: tuple[Note, ...]) -> tuple[Note, ...]:
        return tuple(sorted((mark(wall, note) for note in notes), key=lambda note: not note.mark))

    return tuple(
        replace(
            wall,
            notes=marks_first(wall, wall.notes),
            heard=marks_first(wall, wall.heard),
        )
        if wall.answers
        else wall
        for wall in walls
    )
