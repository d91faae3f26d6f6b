"""A disk as it may be found after a cut of the power: what was flushed is there; of what came later, anything may be missing.

Each file keeps what is firm and the changes since. A flush of a file makes its bytes firm, a flush of a folder its names: stricter
than usual file systems, which make the name of a new file firm with it. A drive that lies about flushing is out of reach.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from tests.builders import SeededRandomness
from tests.durability.recording import Op

SECTOR, PAGE = 512, 4096
TORN = {"torn at 512": SECTOR, "torn at 4096": PAGE}
WAYS = ("dropped", "kept", "each write by itself", *TORN)


@dataclass
class File:
    """The bytes of one file. `later` holds what was done since: (number of the operation, change)."""

    firm: bytes = b""
    later: list[tuple[int, Op]] = field(default_factory=list)

    def now(self) -> bytearray:
        content = bytearray(self.firm)
        for _, op in self.later:
            apply(op, content)
        return content

    def flush(self, before: int) -> None:
        content = bytearray(self.firm)
        done = [op for number, op in self.later if number < before]
        for op in done:
            apply(op, content)
        self.firm, self.later = bytes(content), [one for one in self.later if one[0] >= before]

    def found(self, way: str, dice: SeededRandomness) -> bytes:
        """What may be found of it after a cut, in one of the WAYS."""
        changes = [op for _, op in self.later]
        if way in TORN:
            return self._torn(changes, TORN[way], dice)
        content = bytearray(self.firm)
        for op in changes:
            if way == "kept" or (way != "dropped" and dice.chance(0.5)):
                apply(op, content)
        return bytes(content)

    def _torn(self, changes: list[Op], unit: int, dice: SeededRandomness) -> bytes:
        """Each sector as it was at a moment of its own, the length as it was at another."""
        content = bytearray(self.firm)
        lengths = [len(content)]
        versions: dict[int, list[bytes]] = {}
        for op in changes:
            before = len(content)
            apply(op, content)
            lengths.append(len(content))
            first, last = _touched(op, before, len(content))
            for sector in range(first // unit, -(-last // unit)):
                start = sector * unit
                versions.setdefault(sector, [self.firm[start : start + unit]]).append(
                    bytes(content[start : start + unit])
                )
        length = dice.pick(lengths)
        found = bytearray(self.firm[:length]).ljust(length, b"\0")
        for sector, of in versions.items():
            start = sector * unit
            if start < length:
                found[start : start + unit] = dice.pick(of).ljust(unit, b"\0")
        return bytes(found[:length])


def apply(op: Op, content: bytearray) -> None:
    """Do what one operation does to the bytes of a file."""
    if op.what == "cut":
        del content[op.at :]
        content.extend(bytes(op.at - len(content)))
    else:
        at = len(content) if op.what == "append" else op.at
        content.extend(bytes(max(0, at - len(content))))
        content[at : at + len(op.data)] = op.data


def _touched(op: Op, before: int, after: int) -> tuple[int, int]:
    if op.what == "cut":
        return min(before, after), max(before, after)
    at = before if op.what == "append" else op.at
    return min(at, before), at + len(op.data)


class Disk:
    """The files of a folder, from `start` on. `do` takes one operation after another; `image` is what a cut would leave now."""

    def __init__(self, start: Path) -> None:
        self._folder = str(start)
        found = {str(path): File(path.read_bytes()) for path in start.rglob("*") if path.is_file()}
        self._firm_names = dict(found)
        self._names = dict(found)
        self._later_names: list[tuple[int, str, Callable[[dict[str, File]], None]]] = []
        self._done = 0

    def do(self, op: Op) -> None:
        number, self._done = self._done, self._done + 1
        if not op.path.startswith(self._folder):
            return
        if op.what == "flush":
            self._flush(op)
        elif op.what in ("write", "append", "cut"):
            if op.path in self._names:  # a file without a name any more is of no interest
                self._names[op.path].later.append((number, op))
        elif op.what != "create" or op.path not in self._names:
            change = _change_of_names(op, self._names)
            change(self._names)
            self._later_names.append((number, str(PurePath(op.path).parent), change))

    def _flush(self, op: Op) -> None:
        if op.path in self._names:
            self._names[op.path].flush(op.seen)
            return
        for number, folder, change in self._later_names:
            if folder == op.path and number < op.seen:
                change(self._firm_names)
        self._later_names = [one for one in self._later_names if one[1] != op.path or one[0] >= op.seen]

    def image(self, way: str, dice: SeededRandomness) -> dict[str, bytes]:
        """The bytes of each file that is found after a cut."""
        names = dict(self._firm_names)
        share = {"dropped": 0, "kept": len(self._later_names)}.get(way, dice.below(len(self._later_names) + 1))
        for _, _, change in self._later_names[:share]:
            change(names)
        return {path: file.found(way, dice) for path, file in sorted(names.items())}


def _change_of_names(op: Op, names: dict[str, File]) -> Callable[[dict[str, File]], None]:
    if op.what == "create":
        made = File()
        return lambda there: there.__setitem__(op.path, made)
    if op.what == "unlink":
        return lambda there: there.__delitem__(op.path)
    moved = names[op.path]

    def place(there: dict[str, File]) -> None:
        there[op.other] = moved
        if op.what == "rename":
            there.pop(op.path, None)

    return place
