"""A backup that arrives through the browser: taken piece by piece, judged, built beside the council, and put in place
by the server itself once it has ended its loops.

Only for a council that nobody has claimed yet; whoever calls `commit` has made sure of that. This module must never
keep what was refused, nor take more bytes than were allowed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from node.backup.contents import BackupFailed, Manifest, too_large
from node.backup.restoring import Settle, Stage
from node.backup.sealing import Key

_UNPACKED_TIMES = 8  # how much larger than the file its contents may be


class Upload:
    """One backup on its way in. Blocking: in an event loop call it in a thread.

        with Upload(directory, most=settings.limits.restore) as upload:
            upload.write(piece)            # for each piece of the stream
            manifest, link = upload.check(key=Key(passphrase=words), settle=settle)
            upload.commit(now=now)         # after the claim was spent; the server restarts by itself

    Leaving the block without `commit` leaves nothing behind.
    """

    def __init__(self, directory: Path, *, most: int) -> None:
        self._stage = Stage(directory)
        self._most = most
        self._taken = 0
        self._file: BinaryIO | None = None

    def __enter__(self) -> "Upload":
        self._stage.__enter__()
        self._path = self._stage.folder / "upload"
        self._path.touch(mode=0o600)
        self._file = self._path.open("wb")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        self._stage.__exit__()

    def write(self, piece: bytes) -> None:
        """The next piece. Raises BadBackup("too-large") beyond `most` bytes in all, BackupFailed from the disk."""
        assert self._file is not None
        self._taken += len(piece)
        if self._taken > self._most:
            raise too_large(self._most)
        with _disk_at_fault():
            self._file.write(piece)

    def check(self, *, key: Key, settle: Settle) -> tuple[Manifest, str | None]:
        """The backup's manifest, and the sign-in link that `settle` gave. Raises BadBackup, Refusal, BackupFailed."""
        assert self._file is not None
        with _disk_at_fault():
            self._file.close()
            manifest = self._stage.open(self._path, key=key, most=self._most * _UNPACKED_TIMES)
            self._stage.keep_listening_here()
            return manifest, self._stage.settle(settle)

    def commit(self, *, now: datetime) -> None:
        """From here on it is decided: the server ends its loops, puts the council in place and serves it."""
        self._stage.commit(now=now)


@contextmanager
def _disk_at_fault() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BackupFailed(f"The backup could not be kept ({error.strerror}). Look at the disk.") from error
