"""Faults, each a patch in a file of its own: what stands in the software, what the fault makes of it, and which tests must notice.

A patch is put into a copy of the software in a temporary folder; nothing that is shipped can be switched into one of them. One that
no longer fits the software is an error, so that it is written anew and never forgotten.
"""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = Path(__file__).parent / "bugs"
PACKAGES = ("protocol", "schemas", "federation", "node")


class PatchDoesNotFit(Exception):
    """What the patch would change is not there exactly once."""


@dataclass(frozen=True, slots=True)
class Change:
    """In one file, `old` (there exactly once) becomes `new`."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Bug:
    """`fault` says in one sentence what goes wrong. `tests` are node ids; every one of them must fail on it."""

    name: str
    fault: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]


def read(path: Path) -> Bug:
    """The fault in one file, whose name is the fault's."""
    said = tomllib.loads(path.read_text(encoding="utf-8"))
    changes = tuple(Change(one["file"], one["old"].strip("\n"), one["new"].strip("\n")) for one in said["change"])
    return Bug(path.stem, said["fault"], changes, tuple(said["tests"]))


def all_bugs() -> list[Bug]:
    return [read(path) for path in sorted(FILES.glob("*.toml"))]


def copy_of_the_software(root: Path) -> Path:
    """The packages as they are shipped, copied into `root`; tests and what they read beside them are linked to."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, root / package)
    for path in ROOT.iterdir():
        if path.name not in PACKAGES and not path.name.startswith("."):
            (root / path.name).symlink_to(path)
    return root


def plant(bug: Bug, root: Path) -> None:
    """Put a fault into a copy. Raises PatchDoesNotFit."""
    for change in bug.changes:
        path = root / change.file
        text = path.read_text(encoding="utf-8")
        if change.old == change.new or text.count(change.old) != 1:
            raise PatchDoesNotFit(f"{bug.name}: {text.count(change.old)} places in {change.file} are as it says")
        path.write_text(text.replace(change.old, change.new), encoding="utf-8")
        for compiled in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            compiled.unlink()
