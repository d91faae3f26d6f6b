"""Files that are no whole backup of ours: each is refused, and nothing of it stays; beside it the twin that is taken."""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from node.backup import BackupFailed, BadBackup, make, restore
from node.backup.packing import unpack
from schemas.refusal import Refusal
from tests.backup.councils import VERSION, Clock, Kept, settling

Files = dict[str, bytes]


@pytest.fixture
def file(kept: Kept) -> Path:
    return make(kept.settings, clock=kept.clock, version=VERSION).file


def inside(file: Path) -> Files:
    with tarfile.open(file) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]


def manifest_of(files: Files, **changed: Any) -> bytes:
    told = json.loads(files["manifest.json"])
    told["members"] = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        for name, content in files.items()
        if name != "manifest.json"
    }
    return json.dumps(told | changed).encode()


def entry(name: str, content: bytes = b"", **given: Any) -> bytes:
    made = tarfile.TarInfo(name)
    made.size, made.mode = len(content), 0o600
    for key, value in given.items():
        setattr(made, key, value)
    return made.tobuf(tarfile.GNU_FORMAT) + content + bytes(-len(content) % 512)


def packed(files: Files, *, more: bytes = b"", end: bytes = bytes(1024)) -> bytes:
    return gzip.compress(b"".join(entry(name, content) for name, content in files.items()) + more + end)


def refused(content: bytes, into: Path) -> str:
    """The word of the refusal; the folder must be as if nobody had tried."""
    file = into.with_name("tried.comarca-backup.tar.gz")
    file.write_bytes(content)
    with pytest.raises(BadBackup) as refusal:
        restore(file, into, settle=settling(Clock()), clock=Clock())
    assert not into.exists()
    return refusal.value.word


def taken(content: bytes, into: Path) -> None:
    file = into.with_name("tried.comarca-backup.tar.gz")
    file.write_bytes(content)
    restore(file, into, settle=settling(Clock()), clock=Clock())
    shutil.rmtree(into)


def test_what_we_pack_by_hand_is_taken_so_that_refusals_mean_something(file: Path, tmp_path: Path) -> None:
    files = inside(file)

    taken(packed(files), tmp_path / "again")
    taken(packed(files | {"manifest.json": manifest_of(files)}), tmp_path / "again")
    taken(packed(files, end=bytes(10_240)), tmp_path / "again")


@pytest.mark.parametrize("name", ["comarca.db", "comarca.toml", "keys/rsa.pem", "keys/ed25519.pem"])
def test_a_member_that_was_changed_is_refused(file: Path, tmp_path: Path, name: str) -> None:
    files = inside(file)
    content = bytearray(files[name])
    content[len(content) // 2] ^= 1

    assert refused(packed(files | {name: bytes(content)}), tmp_path / "again") == "damaged"


@pytest.mark.parametrize("name", ["comarca.db", "keys/rsa.pem", "keys/ed25519.pem", "manifest.json"])
def test_a_member_that_is_missing_is_refused(file: Path, tmp_path: Path, name: str) -> None:
    files = inside(file)
    del files[name]
    if name != "manifest.json":
        assert refused(packed(files), tmp_path / "again") == "damaged"
        files = {"manifest.json": manifest_of(files), **{n: c for n, c in files.items() if n != "manifest.json"}}

    assert refused(packed(files), tmp_path / "again") == "damaged"


@pytest.mark.parametrize(
    "name",
    [
        "../escaped",
        "keys/../../escaped",
        "/escaped",
        "keys/deeper/escaped",
        "escaped",
        "keys/.hidden",
        "keys/",
        "COMARCA.DB",
        "comarca.db-wal",
        "keys/a\nb",
        "keys\\rsa.pem",
        "keys/" + "k" * 90,
    ],
)
def test_a_name_that_is_not_ours_is_refused_even_if_the_manifest_tells_it(
    file: Path, tmp_path: Path, name: str
) -> None:
    files = inside(file) | {name: b"x"}
    told = {"manifest.json": manifest_of(files), **{n: c for n, c in files.items() if n != "manifest.json"}}

    (tmp_path / "folder").mkdir()
    assert refused(packed(told), tmp_path / "folder" / "again") == "damaged"
    assert not list(tmp_path.rglob("escaped"))


def test_one_more_key_by_a_name_of_ours_is_taken(file: Path, tmp_path: Path) -> None:
    files = inside(file) | {"keys/root.pem": b"x"}

    taken(
        packed({"manifest.json": manifest_of(files), **{n: c for n, c in files.items() if n != "manifest.json"}}),
        tmp_path / "again",
    )


@pytest.mark.parametrize(
    "given",
    [
        {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
        {"type": tarfile.LNKTYPE, "linkname": "comarca.db"},
        {"type": tarfile.CHRTYPE},
        {"type": tarfile.BLKTYPE},
        {"type": tarfile.FIFOTYPE},
        {"type": tarfile.DIRTYPE},
        {"type": tarfile.CONTTYPE},
        {"type": tarfile.GNUTYPE_SPARSE},
        {"type": tarfile.GNUTYPE_LONGNAME},
        {"type": tarfile.XHDTYPE},
        {"type": tarfile.XGLTYPE},
        {"linkname": "comarca.db"},
    ],
    ids=str,
)
def test_only_plain_files_are_taken(file: Path, tmp_path: Path, given: dict[str, Any]) -> None:
    files = inside(file)
    pem = files.pop("keys/rsa.pem")
    as_it_should_be = packed(files, more=entry("keys/rsa.pem", pem))

    assert refused(packed(files, more=entry("keys/rsa.pem", pem, **given)), tmp_path / "again") == "damaged"
    taken(as_it_should_be, tmp_path / "again")


def test_a_name_that_comes_twice_is_refused(file: Path, tmp_path: Path) -> None:
    files = inside(file)

    assert refused(packed(files, more=entry("keys/rsa.pem", b"twice")), tmp_path / "again") == "damaged"


def test_members_in_another_order_than_the_manifest_tells_are_refused(file: Path, tmp_path: Path) -> None:
    files = inside(file)
    turned = {"manifest.json": files.pop("manifest.json"), **dict(reversed(files.items()))}

    assert refused(packed(turned), tmp_path / "again") == "damaged"


@pytest.mark.parametrize(
    "tail", [b"x", b"\0" * 512 + b"x", gzip.compress(b"", mtime=0), gzip.compress(b"more", mtime=0)]
)
def test_nothing_may_follow(file: Path, tmp_path: Path, tail: bytes) -> None:
    assert refused(file.read_bytes() + tail, tmp_path / "again") == "damaged"


@pytest.mark.parametrize("end", [b"", bytes(512), bytes(1024) + b"x", bytes(1_000_000)])
def test_the_end_is_where_it_should_be(file: Path, tmp_path: Path, end: bytes) -> None:
    assert refused(packed(inside(file), end=end), tmp_path / "again") == "damaged"


def test_a_newer_format_and_newer_tables_name_the_version_that_is_needed(file: Path, tmp_path: Path) -> None:
    files = inside(file)
    for changed in ({"format": 2, "software": "7.8.9"}, {"revision": "9999", "software": "7.8.9"}):
        content = packed(files | {"manifest.json": manifest_of(files, **changed)})
        path = tmp_path / "newer"
        path.write_bytes(content)

        with pytest.raises(BadBackup, match=r"7\.8\.9.*Install that version"):
            restore(path, tmp_path / "again", settle=settling(Clock()), clock=Clock())

        assert not (tmp_path / "again").exists()


def test_a_revision_that_is_not_the_databases_own_is_refused(file: Path, tmp_path: Path) -> None:
    files = inside(file)

    assert refused(packed(files | {"manifest.json": manifest_of(files, revision="0001")}), tmp_path / "a") == "damaged"


def test_settings_that_name_another_council_are_refused(file: Path, tmp_path: Path) -> None:
    files = inside(file)
    files["comarca.toml"] = files["comarca.toml"].replace(b"riverside.example", b"harbour.example")
    told = files | {"manifest.json": manifest_of(files)}

    assert refused(packed(told), tmp_path / "again") == "another-council"


def test_settings_that_cannot_be_used_are_refused_with_what_is_wrong(file: Path, tmp_path: Path) -> None:
    files = inside(file)
    files["comarca.toml"] += b"\n[nonsense]\n"

    assert refused(packed(files | {"manifest.json": manifest_of(files)}), tmp_path / "again") == "settings"


@pytest.mark.parametrize("name", ["comarca.db", "keys/rsa.pem", "keys/ed25519.pem"])
def test_contents_that_are_none_are_refused_though_their_digest_is_right(file: Path, tmp_path: Path, name: str) -> None:
    files = inside(file) | {name: b"a shopping list\n" * 100}

    assert refused(packed(files | {"manifest.json": manifest_of(files)}), tmp_path / "again") == "damaged"


def test_a_bomb_is_refused_before_it_unfolds(file: Path, tmp_path: Path) -> None:
    files = inside(file)
    files["comarca.db"] = bytes(50_000_000)
    bomb = packed(files | {"manifest.json": manifest_of(files)})
    assert len(bomb) < 100_000

    with pytest.raises(BadBackup, match="larger"):
        unpack(io.BytesIO(bomb), _folder(tmp_path / "b"), most=10_000_000)

    assert sum(path.stat().st_size for path in (tmp_path / "b").rglob("*") if path.is_file()) == 0


def test_more_in_a_member_than_was_told_is_refused_however_much_there_is(file: Path, tmp_path: Path) -> None:
    files = inside(file)
    lying = manifest_of(files)
    files["comarca.db"] = bytes(50_000_000)

    assert refused(packed(files | {"manifest.json": lying}), tmp_path / "again") == "damaged"


def test_a_manifest_of_endless_length_and_one_with_too_many_members_are_refused(file: Path, tmp_path: Path) -> None:
    files = inside(file)
    long = files["manifest.json"] + b" " * 100_000
    many = files | {f"keys/k{n}": b"" for n in range(140)}

    assert refused(packed(files | {"manifest.json": long}), tmp_path / "again") == "damaged"
    assert refused(packed(many | {"manifest.json": manifest_of(many)}), tmp_path / "again") == "damaged"


def test_without_room_nothing_is_unpacked(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(free=1_000))

    with pytest.raises(BackupFailed, match="Make room"):
        restore(file, tmp_path / "again", settle=settling(Clock()), clock=Clock())

    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    "content", [b"", b"\x1f\x8b", b"a shopping list", b"age-encryption.org/v1\n-> X25519 nonsense"]
)
def test_what_is_no_archive_at_all_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "list"
    path.write_bytes(content)

    with pytest.raises(Refusal):
        restore(path, tmp_path / "again", settle=settling(Clock()), clock=Clock())

    assert not (tmp_path / "again").exists()


def _folder(path: Path) -> Path:
    path.mkdir(mode=0o700)
    return path


def _flip(at: float, bit: int) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        place = min(int(at * len(content)), len(content) - 1)
        return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]

    return change


def _cut(at: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(at * len(content))]


def _put(at: float, what: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(at * len(content))] + what + content[int(at * len(content)) :]


places = st.floats(0, 1, exclude_max=True)
changes = st.one_of(
    st.builds(_flip, places, st.integers(0, 7)),
    st.builds(_cut, places),
    st.builds(_put, places, st.binary(min_size=1, max_size=40)),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=changes, packed_again=st.booleans())
@example(change=_flip(0.0001, 0), packed_again=False)
def test_no_corrupted_archive_gives_anything_but_what_was_packed(
    file: Path, tmp_path: Path, change: Callable[[bytes], bytes], packed_again: bool
) -> None:
    """Damage to the file, or, more cunning, to the tar inside a sound gzip."""
    whole = inside(file)
    content = (
        gzip.compress(change(gzip.decompress(file.read_bytes())), 1) if packed_again else change(file.read_bytes())
    )
    into = tmp_path / "unpacked"
    shutil.rmtree(into, ignore_errors=True)

    try:
        unpack(io.BytesIO(content), _folder(into), most=10_000_000)
    except BadBackup:
        return

    # Bits that carry nothing (a time in gzip's head, an entry's owner) may differ; what comes out may not.
    found = {str(path.relative_to(into)): path.read_bytes() for path in into.rglob("*") if path.is_file()}
    assert found == {name: content for name, content in whole.items() if name != "manifest.json"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(change=st.one_of(st.builds(_flip, places, st.integers(0, 7)), st.builds(_cut, places)))
def test_after_a_refusal_the_folder_is_as_if_nobody_had_tried(
    file: Path, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    damaged, into = tmp_path / "damaged", tmp_path / "again"
    damaged.write_bytes(change(file.read_bytes()))

    try:
        restore(damaged, into, settle=settling(Clock()), clock=Clock())
    except Refusal:
        assert not into.exists()
    else:
        assert inside(file)["keys/rsa.pem"] == (into / "keys" / "rsa.pem").read_bytes()
        shutil.rmtree(into)
    assert sorted(os.listdir(tmp_path)) == ["damaged", "riverside"]
