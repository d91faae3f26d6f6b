"""What a disk may hold after a cut of the power, on files so small that it can be said by hand; and how strace's log is read."""

from pathlib import Path

import pytest

from tests.builders import SeededRandomness
from tests.durability.disk import WAYS, Disk
from tests.durability.recording import Op, read_log

OLD, NEW = b"o" * 2048, b"n" * 1024


def disk(tmp_path: Path) -> tuple[Disk, str]:
    (tmp_path / "file").write_bytes(OLD)
    return Disk(tmp_path), str(tmp_path / "file")


def found(of: Disk, way: str, file: str, *, times: int = 60) -> set[bytes | None]:
    dice = SeededRandomness(way)
    return {of.image(way, dice).get(file) for _ in range(times)}


def test_what_was_flushed_is_there_whatever_comes_after(tmp_path: Path) -> None:
    made, file = disk(tmp_path)
    written = NEW + OLD[1024:]

    for number, op in enumerate((Op("write", file, NEW), Op("flush", file, seen=1))):
        made.do(op)
        assert number == 0 or all(found(made, way, file) == {written} for way in WAYS)


def test_a_flush_says_nothing_of_what_was_written_while_it_went_on(tmp_path: Path) -> None:
    made, file = disk(tmp_path)

    made.do(Op("write", file, NEW))
    made.do(Op("flush", file, seen=0))

    assert found(made, "dropped", file) == {OLD}


def test_what_was_not_flushed_is_lost_kept_or_torn(tmp_path: Path) -> None:
    made, file = disk(tmp_path)

    made.do(Op("write", file, NEW))

    assert found(made, "dropped", file) == {OLD}
    assert found(made, "kept", file) == {NEW + OLD[1024:]}
    assert found(made, "each write by itself", file) == {OLD, NEW + OLD[1024:]}
    halves = {first * 512 + second * 512 + OLD[1024:] for first in (b"n", b"o") for second in (b"n", b"o")}
    assert found(made, "torn at 512", file) == halves
    assert found(made, "torn at 4096", file) == {OLD, NEW + OLD[1024:]}


def test_a_length_may_be_found_without_its_bytes(tmp_path: Path) -> None:
    made, file = disk(tmp_path)

    made.do(Op("write", file, NEW, at=2048))

    assert OLD + bytes(512) + NEW[512:] in found(made, "torn at 512", file)


def test_a_name_is_firm_once_its_folder_is_flushed(tmp_path: Path) -> None:
    made, file = disk(tmp_path)
    other = file + "-wal"

    for op in (Op("create", other), Op("append", other, NEW), Op("flush", other, seen=2)):
        made.do(op)
    before = found(made, "dropped", other)
    made.do(Op("flush", str(tmp_path), seen=3))

    assert before == {None}
    assert found(made, "dropped", other) == {NEW}


def test_a_removed_file_may_be_found_again(tmp_path: Path) -> None:
    made, file = disk(tmp_path)

    made.do(Op("unlink", file))

    assert found(made, "torn at 512", file) == {None, OLD}


LOG = r"""
7 openat(AT_FDCWD<\x2f>, "\x2f\x74\x2f\x61", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 3<\x2f\x74\x2f\x61>
7 pwrite64(3<\x2f\x74\x2f\x61>, "\x68\x69", 2, 100) = 2
8 fdatasync(3<\x2f\x74\x2f\x61> <unfinished ...>
7 pwrite64(3<\x2f\x74\x2f\x61>, "\x79\x6f", 2, 0 <unfinished ...>
8 <... fdatasync resumed>) = 0
7 <... pwrite64 resumed>) = 2
7 pwrite64(3<\x2f\x74\x2f\x61>, "\x79\x6f", 2, 0) = -1 EIO (Input/output error)
7 pwrite64(4<\x2f\x75>, "\x79\x6f", 2, 0) = 2
7 ftruncate(3<\x2f\x74\x2f\x61>, 50) = 0
"""


def test_the_log_is_read_with_calls_that_went_on_at_the_same_time(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG)

    assert read_log(log, Path("/t")) == [
        Op("create", "/t/a"),
        Op("write", "/t/a", b"hi", 100),
        Op("write", "/t/a", b"yo", 0),
        Op("flush", "/t/a", seen=2),
        Op("cut", "/t/a", at=50),
    ]


def test_a_call_that_is_not_known_stops_everything(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('7 writev(3<\\x2f\\x74\\x2f\\x61>, [{iov_base="\\x68", iov_len=1}], 1) = 1\n')

    with pytest.raises(ValueError, match="writev"):
        read_log(log, Path("/t"))
