"""Small things done to files so that a power cut finds them whole: flushed, renamed, and cleared away.

This module must never follow what it did not make: it works on the paths it is handed and nothing beside them.
"""

import os
import shutil
from pathlib import Path


def sync(path: Path) -> None:
    """Have a file or a folder on the disk before going on."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_all(folder: Path) -> None:
    """The same for a folder and everything in it."""
    for path in folder.rglob("*"):
        sync(path)
    sync(folder)


def put_text(path: Path, text: str) -> None:
    """Write a small file (mode 0600) whole or not at all, over what is there."""
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync(path.parent)


def empty_folder(path: Path) -> Path:
    """A new folder (mode 0700) in the place of whatever an earlier try has left there."""
    clear(path)
    path.mkdir(mode=0o700)
    return path


def clear(path: Path) -> None:
    """Remove a file or a folder with all in it; it may be gone already."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
