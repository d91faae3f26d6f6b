"""What a process did to the files of one folder, call by call with every byte, read from the log that strace wrote of it.

A write counts from its beginning (it may be on the disk from then on), a flush from its end, and makes firm only what was written
before it began.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

CALLS = (
    *("openat", "pwrite64", "write", "pwritev", "writev", "fdatasync", "fsync", "ftruncate", "truncate", "fallocate"),
    *("rename", "renameat", "renameat2", "unlink", "unlinkat", "link", "linkat", "mkdir"),
)
OPTIONS = ("-y", "-xx", "-s", "10000000", "-e", f"trace={','.join(CALLS)}")

_LINE = re.compile(r"(\d+) +(?:<\.\.\. (\w+) resumed>(.*)|(\w+)\((.*))$")
_HEX = re.compile(r'(?:"((?:\\x[0-9a-f]{2})*)"|<((?:\\x[0-9a-f]{2})+)>)')
_ANSWER = re.compile(r"\) += (-?\d+|\?)")


@dataclass(frozen=True, slots=True)
class Op:
    """One change of a file or a folder. `seen`: for a flush, how many operations had begun when it began."""

    what: Literal["write", "append", "cut", "flush", "create", "link", "rename", "unlink"]
    path: str
    data: bytes = b""
    at: int = 0
    other: str = ""
    seen: int = 0


def read_log(log: Path, folder: Path) -> list[Op]:
    """The operations on files in `folder`, in their order. Raises ValueError for a call that is not understood."""
    ops: list[Op] = []
    begun: dict[str, tuple[str, str, int]] = {}
    with log.open("r") as lines:
        for line in lines:
            # What a process was doing when it ended counts as begun.
            matched = _LINE.match(line.rstrip("\n").replace("<detached ...>", "<unfinished ...>"))
            if matched is None:
                continue
            thread, resumed, rest, call, given = matched.groups()
            if resumed is not None:
                call, earlier, seen = begun.pop(thread)
                given = earlier + rest
            elif given.endswith("<unfinished ...>"):
                given = given.removesuffix("<unfinished ...>")
                begun[thread] = call, given, len(ops)
                if call in ("write", "pwrite64"):
                    ops.extend(_ops_of(call, given, folder, len(ops)))
                continue
            else:
                seen = len(ops)
            answer = _ANSWER.search(given)
            if answer is not None and answer[1].startswith("-"):
                continue
            if resumed is None or call not in ("write", "pwrite64"):
                ops.extend(_ops_of(call, given, folder, seen))
    return ops


def _ops_of(call: str, given: str, folder: Path, seen: int) -> Iterator[Op]:
    texts = [bytes.fromhex((one or two).replace("\\x", "")) for one, two in _HEX.findall(given)]
    if call == "openat":
        if "O_CREAT" in given and texts[-1].startswith(bytes(folder)):
            yield Op("create", texts[-1].decode())
        return
    ours = [text for text in texts[:2] if text.startswith(bytes(folder) + b"/") or text == bytes(folder)]
    if not ours or call == "mkdir":
        return
    path = ours[0].decode()
    numbers = re.sub(_HEX, "", given).rstrip().split(",")
    if call == "pwrite64":
        yield Op("write", path, texts[1], int(numbers[3].split(")")[0]))
    elif call == "write":
        yield Op("append", path, texts[1])
    elif call in ("fsync", "fdatasync"):
        yield Op("flush", path, seen=seen)
    elif call == "ftruncate":
        yield Op("cut", path, at=int(numbers[1].split(")")[0]))
    elif call == "unlink":
        yield Op("unlink", path)
    elif call in ("rename", "link"):
        yield Op("rename" if call == "rename" else "link", path, other=texts[1].decode())
    else:
        raise ValueError(f"{call} on {path} is not understood")
