"""Cuts of the power at one moment after another: `python -m tests.durability.powercut FOLDER IMAGES`.

Every part of the exchange is played once, with strace writing down each change of a file. From that, folders are made as they
would be found after a cut; a store is opened on each, and what was witnessed before the cut is looked for. One part is also played
with synchronous=NORMAL, which must lose something, or these images prove nothing. Says what it found as JSON.
"""

import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from federation.feeds import own
from node.app import DATABASE, open_store
from node.identity import changes
from node.recovery import root_key
from protocol import keys
from tests.builders import SeededRandomness
from tests.durability.after import Witnessed, wrong
from tests.durability.children import quiet
from tests.durability.disk import WAYS, Disk
from tests.durability.exchange import TOWN, WITNESS, Exchange, witnessed
from tests.durability.parts import TALKING
from tests.durability.recording import OPTIONS, Op, read_log
from tests.durability.sweeping import LOG, sweeps


class Weak(Exchange):
    """A server whose writer waits for nothing."""

    def opens(self) -> Exchange:
        super().opens()
        self.node.store._raw.execute("PRAGMA synchronous=NORMAL")
        return self


@dataclass(frozen=True)
class Recorded:
    """One part: the folder that it began with, and what was done to it since."""

    name: str
    began: Path
    ops: list[Op]


def _moved(log: Path, began: Path) -> list[Op]:
    """What was done to a copy, as if it had been done to the folder itself."""
    place = str(log.parent)

    def there(path: str) -> str:
        return str(began) + path.removeprefix(place) if path else path

    ops = read_log(log, log.parent)
    return [replace(op, path=there(op.path), other=there(op.other)) for op in ops]


def cuts(
    recorded: Recorded, dice: SeededRandomness, share: float
) -> Iterator[tuple[int, str, dict[str, bytes], Witnessed]]:
    """Images after a share of all (moment, way): the moment, the way, what is found, and what was witnessed until then."""
    disk, said = Disk(recorded.began / TOWN), witnessed(recorded.began)
    witness = str(recorded.began / WITNESS)
    due = dice.uniform()
    for number, op in enumerate(recorded.ops):
        if op.path == witness and op.what == "append":
            said = [*said, orjson.loads(op.data)]
        disk.do(op)
        for way in WAYS:
            due += share
            if due >= 1:
                due -= 1
                yield number, way, disk.image(way, dice), said


def judge(place: Path, began: Path, image: dict[str, bytes], said: Witnessed) -> list[str]:
    """What is wrong in a folder that is found like this, once the store is opened as at every start."""
    shutil.rmtree(place, ignore_errors=True)
    for path, content in image.items():
        if path.endswith("-shm"):
            continue  # whoever opens first makes it anew
        file = place / Path(path).relative_to(began)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_bytes(content)
        file.chmod(0o600)
    directory = place / TOWN
    try:
        changes(directory / DATABASE)
        store = open_store(directory)
    except Exception as error:
        return [f"it does not open: {error!r}"]
    try:
        with store.reading() as connection:
            row = own.ours(connection, "public")
        key = root_key(directory)
        named = "" if row is None else bytes(row["roots"]).decode()
        lost = row is not None and (key is None or keys.encode_multikey(key.public_key()) not in named)
        return [*(["the root key of our feeds is lost"] if lost else []), *wrong(directory / DATABASE, said)]
    finally:
        with suppress(Exception):
            store.close()


@dataclass
class Found:
    """What came of many images: `moments` at which the power could be cut, images by the way in which they were made."""

    moments: int = 0
    images: Counter[str] = field(default_factory=Counter)
    wrong: dict[str, list[str]] = field(default_factory=dict)


def judged(recorded: list[Recorded], folder: Path, images: int) -> Found:
    """About so many images, spread evenly over every moment of every part and over the ways."""
    found = Found(moments=sum(len(one.ops) for one in recorded))
    dice, share = SeededRandomness("power cut"), min(1.0, images / (found.moments * len(WAYS)))
    for one in recorded:
        for number, way, image, said in cuts(one, dice, share):
            found.images[way] += 1
            complaints = judge(folder / "found", one.began, image, said)
            if complaints:
                found.wrong[f"{one.name}, cut after {number}, {way}"] = complaints
    return found


def main(folder: Path, images: int) -> tuple[Found, Found]:
    """About so many images of the whole exchange; and a tenth as many of a part of it, played by a server that does not wait."""
    played = sweeps(folder, lambda _: OPTIONS)
    recorded = [Recorded(sweep.name, sweep.template, _moved(log, sweep.template)) for sweep, log in played]
    talking = next(sweep for sweep, _ in played if sweep.name == TALKING)
    talking.play_undisturbed(folder / "weak", *OPTIONS, kind=Weak)
    weak = Recorded(TALKING, talking.template, _moved(folder / "weak" / LOG, talking.template))
    return judged(recorded, folder, images), judged([weak], folder, images // 10)


if __name__ == "__main__":
    quiet()
    print(json.dumps([vars(found) for found in main(Path(sys.argv[1]), int(sys.argv[2]))]))
