"""Is the machine fit: Python, the folder and who may open it, keys, disk, open files, and whether one server serves it?

Nothing here leaves the machine. It must never change a mode, take a lock for longer than a look, or read a key's bytes aloud.
"""

import fcntl
import os
import stat
from datetime import date
from pathlib import Path
from typing import Final

from node.database.lock import FILE_NAME as LOCK_FILE
from node.doctor.finding import Cure, Finding, State
from node.doctor.look import Look
from node.identity import FOLDER as KEYS_FOLDER
from node.identity import BadIdentity, load_identity
from node.settings import FILE_NAME as SETTINGS_FILE
from schemas.phrase import phrase

LITTLE_ROOM: Final = 1 << 30
NO_ROOM: Final = 64 << 20
FEW_INODES: Final = 1_000
FEW_FILES: Final = 1_024
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_ENDS: Final = {
    (3, 11): date(2027, 10, 31),
    (3, 12): date(2028, 10, 31),
    (3, 13): date(2029, 10, 31),
    (3, 14): date(2030, 10, 31),
    (3, 15): date(2031, 10, 31),
}
"""When Python releases get no more security fixes (PEP 664, 693, 719, 745, 790)."""


async def python(look: Look) -> Finding:
    """Does this Python still get security fixes?"""
    major, minor = look.machine.python
    name, ends = f"Python {major}.{minor}", _ENDS.get((major, minor))
    today = look.clock.now().date()
    if ends is None:
        return Finding("Python", State.GOOD, phrase("The software that our server is written in is up to date."), name)
    cure = Cure(phrase("Make the virtual environment anew with a newer Python"), "python3.14 -m venv .venv")
    if today > ends:
        words = phrase("The software that our server is written in gets no more repairs.")
        return Finding("Python", State.LOOK, words, f"{name} got its last security fix on {ends}", (cure,))
    if (ends - today).days < 180:
        words = phrase("The software that our server is written in soon gets no more repairs.")
        return Finding("Python", State.LOOK, words, f"{name} gets security fixes until {ends}", (cure,))
    words = phrase("The software that our server is written in still gets repairs.")
    return Finding("Python", State.GOOD, words, f"{name}, security fixes until {ends}")


async def folder(look: Look) -> Finding:
    """May nobody else on this machine read what is in the folder, and does all of it belong to one owner?"""
    directory = look.settings.directory
    try:
        top = directory.stat()
        inside = {path: found for path in _private(look) if (found := _stat(path)) is not None}
    except OSError as error:
        words = phrase("The folder of our server cannot be looked into.")
        cure = Cure(phrase("Run it as whoever owns the folder"), f"ls -ld {directory}")
        return Finding("Folder", State.BROKEN, words, f"{error.filename}: {error.strerror}", (cure,))
    open_to_others = [path for path, found in inside.items() if found.st_mode & _OTHERS]
    if top.st_mode & _OTHERS or open_to_others:
        within_reach = bool(top.st_mode & (stat.S_IXGRP | stat.S_IXOTH)) and bool(open_to_others)
        words = phrase("Others on this machine could look into the folder of our server.")
        if within_reach:
            words = phrase("Others on this machine can read what neighbours wrote here.")
        named = ", ".join(path.name for path in (open_to_others or [directory]))
        detail = f"{named}: mode lets others in ({stat.S_IMODE(top.st_mode):04o} on {directory})"
        files = " ".join(str(path) for path in open_to_others)
        cures = [Cure(phrase("Close it"), f"chmod 700 {directory}")]
        cures += [Cure(phrase("Close the files too"), f"chmod 600 {files}")] if files else []
        return Finding("Folder", State.BROKEN if within_reach else State.LOOK, words, detail, tuple(cures))
    strange = [path for path, found in inside.items() if found.st_uid != top.st_uid]
    if strange:
        words = phrase("Some files of our server belong to somebody else, so it may not be able to write.")
        cure = Cure(phrase("Give them back"), f"chown -R --reference={directory} {directory}")
        return Finding("Folder", State.BROKEN, words, f"another owner: {', '.join(p.name for p in strange)}", (cure,))
    words = phrase("Nobody else on this machine can look into the folder of our server.")
    return Finding("Folder", State.GOOD, words, f"{directory} has mode {stat.S_IMODE(top.st_mode):04o}, one owner")


def _stat(path: Path) -> os.stat_result | None:
    """None for what is not there: the files beside a database come and go while it is used."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _private(look: Look) -> tuple[Path, ...]:
    directory, database = look.settings.directory, look.database
    beside = tuple(database.with_name(database.name + ending) for ending in ("", "-wal", "-shm"))
    return (directory / SETTINGS_FILE, *beside)


async def keys(look: Look) -> Finding:
    """Can both keys be used, by their owner alone?"""
    where = look.settings.directory / KEYS_FOLDER
    try:
        load_identity(look.settings.directory)
    except BadIdentity as error:
        said = str(error).splitlines()
        words = phrase("The keys that our server signs with cannot be used. Without them it does not start.")
        cures = [
            Cure(
                phrase("Put the right files back from a backup"), f"comarca restore … --into {look.settings.directory}"
            )
        ]
        if "chmod" in said[0]:
            cures = [Cure(phrase("Close them to others"), f"chmod 700 {where} && chmod 600 {where}/*.pem")]
        return Finding("Keys", State.BROKEN, words, said[0], tuple(cures))
    mode = stat.S_IMODE(where.stat().st_mode)
    if mode & _OTHERS:
        words = phrase("Others on this machine can look into the folder of the keys.")
        cure = Cure(phrase("Close it"), f"chmod 700 {where}")
        return Finding("Keys", State.LOOK, words, f"{where} has mode {mode:04o}", (cure,))
    return Finding(
        "Keys", State.GOOD, phrase("The keys that our server signs with are in their place."), "both load, mode 0600"
    )


async def disk(look: Look) -> Finding:
    """Is there room for what will be put up?"""
    found = look.machine.room(look.settings.directory)
    free, whole = found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
    detail = f"{_amount(free)} free of {_amount(whole)}"
    cure = Cure(phrase("Make room"), f"du -xh --max-depth=2 {look.settings.directory} | sort -h | tail")
    if found.f_flag & os.ST_RDONLY:
        words = phrase("The disk can only be read. Nothing can be put up.")
        cures = (Cure(phrase("See what the system says about the disk"), "dmesg | grep -i 'remount\\|error'"),)
        return Finding(
            "Disk", State.BROKEN, words, f"{look.settings.directory} is on a file system mounted read-only", cures
        )
    few = bool(found.f_files) and found.f_favail < FEW_INODES
    if free < NO_ROOM:
        words = phrase("The disk is full. Nothing can be put up; what is there is kept.")
        return Finding("Disk", State.BROKEN, words, detail, (cure,))
    if few or free < LITTLE_ROOM:
        words = phrase("There is little room left on the disk.")
        more = f", {found.f_favail} files more" if few else ""
        return Finding("Disk", State.LOOK, words, detail + more, (cure,))
    return Finding("Disk", State.GOOD, phrase("There is room on the disk."), detail)


def _amount(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def served_by(look: Look) -> tuple[bool, int | None]:
    """Whether a server holds the folder now, and the number of its process as far as it is known."""
    # Looked at without making the file: one that belongs to somebody else would keep the server from starting.
    try:
        file = (look.settings.directory / LOCK_FILE).open("rb")
    except FileNotFoundError:
        return False, None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            text = file.read(32).strip()
            return True, int(text) if text.isdigit() else None
    return False, None


async def server(look: Look) -> Finding:
    """Does a server of this folder run?"""
    try:
        runs, pid = served_by(look)
    except OSError as error:
        words = phrase("Whether our server runs cannot be told.")
        cure = Cure(phrase("Run it as whoever owns the folder"), f"ls -l {look.settings.directory}")
        return Finding("Server", State.LOOK, words, f"{error.filename}: {error.strerror}", (cure,))
    if not runs:
        words = phrase("Our server does not run.")
        cures = (
            Cure(phrase("Start it"), "systemctl start comarca"),
            Cure(phrase("Or by hand"), f"comarca serve {look.settings.directory}"),
        )
        return Finding("Server", State.BROKEN, words, f"nobody serves {look.settings.directory}", cures)
    who = f"process {pid}" if pid is not None else "a process that is starting"
    return Finding("Server", State.GOOD, phrase("Our server runs, and only once."), f"served by {who}, and by no other")


async def open_files(look: Look) -> Finding:
    """May the server hold enough connections and files open?"""
    try:
        pid = served_by(look)[1]
    except OSError:
        pid = None
    soft, hard = look.machine.open_files(pid)
    shown = "no limit" if min(soft, hard) > 1 << 30 else str(hard if pid is None else soft)
    # The server itself raises the soft limit at its start; before that only the hard one counts.
    if (soft if pid is not None and pid != os.getpid() else hard) <= FEW_FILES:
        words = phrase(
            "Our server may hold few connections at once. Many neighbours at the same time would be turned away."
        )
        cure = Cure(phrase("In comarca.service, then systemctl daemon-reload"), "LimitNOFILE=65536")
        return Finding("Open files", State.LOOK, words, f"at most {shown} open files", (cure,))
    return Finding(
        "Open files", State.GOOD, phrase("Our server may hold enough connections at once."), f"up to {shown}"
    )
