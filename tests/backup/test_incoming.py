"""A backup that arrives through the browser of an unclaimed server: judged, put in place by the server itself, or gone."""

import http.client
import json
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from node.backup import BackupFailed, BadBackup, Key, Lock, finish, is_ready, make
from node.backup.incoming import Upload
from node.backup.sealing import NO_KEY
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import Server
from node.identity import load_identity, make_identity
from node.migrations import current_revision, head, upgrade
from node.ports import SystemClock
from node.settings import write
from schemas.refusal import Refusal
from tests.backup.councils import NOON, RANDOMNESS, URL, VERSION, Clock, Kept, build, everything, settling
from tests.backup.test_killed_and_full import no_file_over
from tests.node import frozen

MEMBERS = "SELECT id, name FROM member ORDER BY id"
ROOMY = 10_000_000


def fresh(directory: Path, *, url: str = URL, port: int = 9) -> Kept:
    """A new server that nobody has claimed."""
    write(directory, {"name": "Riverside", "url": url, "listen": {"port": port}, "allow": {"plain_hosts": [LOOPBACK]}})
    make_identity(directory, RANDOMNESS)
    upgrade(directory / "comarca.db")
    return Kept(directory)


def put(upload: Upload, file: Path, *, piece: int = 1_000) -> None:
    content = file.read_bytes()
    for start in range(0, len(content), piece):
        upload.write(content[start : start + piece])


@pytest.fixture
def file(kept: Kept) -> Path:
    return make(kept.settings, clock=kept.clock, version=VERSION).file


def test_it_is_put_in_place_after_the_commit_and_where_it_listens_stays(kept: Kept, file: Path, tmp_path: Path) -> None:
    new = fresh(tmp_path / "new")

    with Upload(new.directory, most=ROOMY) as upload:
        put(upload, file)
        manifest, token = upload.check(key=NO_KEY, settle=settling(kept.clock))
        assert not is_ready(new.directory)
        upload.commit(now=NOON)

    assert is_ready(new.directory)
    assert new.rows(MEMBERS) == [], "only the server itself puts it in place"
    assert finish(new.directory)
    assert (manifest.council, token is None) == ("Riverside", False)
    assert new.rows(MEMBERS) == kept.rows(MEMBERS)
    assert new.settings.listen.port == 9
    assert not (new.directory / "incoming").exists()
    assert not finish(new.directory)


def test_without_a_commit_nothing_of_it_stays(kept: Kept, file: Path, tmp_path: Path) -> None:
    new = fresh(tmp_path / "new")
    before = everything(new.directory)

    with Upload(new.directory, most=ROOMY) as upload:
        put(upload, file)
        upload.check(key=NO_KEY, settle=settling(kept.clock))

    assert everything(new.directory) == before


def test_more_than_is_allowed_is_refused_as_soon_as_it_comes(file: Path, tmp_path: Path) -> None:
    new = fresh(tmp_path / "new")
    before = everything(new.directory)

    with pytest.raises(BadBackup, match="larger"), Upload(new.directory, most=file.stat().st_size - 1) as upload:
        put(upload, file)

    assert everything(new.directory) == before
    with Upload(new.directory, most=file.stat().st_size) as upload:
        put(upload, file)


def test_the_backup_of_another_address_is_refused(kept: Kept, file: Path, tmp_path: Path) -> None:
    other = fresh(tmp_path / "other", url="https://harbour.example")
    before = everything(other.directory)

    with pytest.raises(BadBackup, match="address never changes"), Upload(other.directory, most=ROOMY) as upload:
        put(upload, file)
        upload.check(key=NO_KEY, settle=settling(kept.clock))

    assert everything(other.directory) == before


def test_a_locked_one_needs_its_passphrase(kept: Kept, tmp_path: Path) -> None:
    made = make(kept.settings, clock=kept.clock, version=VERSION, lock=Lock(passphrase="plum otter"))
    new = fresh(tmp_path / "new")

    with Upload(new.directory, most=ROOMY) as upload:
        put(upload, made.file)
        with pytest.raises(Refusal, match="Type its passphrase"):
            upload.check(key=NO_KEY, settle=settling(kept.clock))
        manifest, _ = upload.check(key=Key(passphrase="plum otter"), settle=settling(kept.clock))

    assert manifest.url == URL


def test_of_two_at_once_one_waits_its_turn(file: Path, tmp_path: Path) -> None:
    new = fresh(tmp_path / "new")

    with Upload(new.directory, most=ROOMY) as first:
        with pytest.raises(Refusal, match="Another backup is being restored"), Upload(new.directory, most=ROOMY):
            pass
        put(first, file)

    with Upload(new.directory, most=ROOMY) as second:
        put(second, file)


def test_after_the_commit_no_other_is_taken(kept: Kept, file: Path, tmp_path: Path) -> None:
    new = fresh(tmp_path / "new")
    with Upload(new.directory, most=ROOMY) as upload:
        put(upload, file)
        upload.check(key=NO_KEY, settle=settling(kept.clock))
        upload.commit(now=NOON)

    with pytest.raises(Refusal, match="just now"), Upload(new.directory, most=ROOMY):
        pass

    assert is_ready(new.directory)


def test_what_a_killed_upload_left_is_cleared_at_the_next_start(tmp_path: Path) -> None:
    new = fresh(tmp_path / "new")
    (new.directory / "incoming" / "council" / "keys").mkdir(parents=True)
    (new.directory / "incoming" / "council" / "keys" / "rsa.pem").write_text("half")

    assert not finish(new.directory)

    assert not (new.directory / "incoming").exists()


def test_a_full_disk_is_no_fault_of_the_file_and_leaves_nothing(kept: Kept, file: Path, tmp_path: Path) -> None:
    new = fresh(tmp_path / "new")
    before = everything(new.directory)

    for room in (2_000, 100_000):
        with no_file_over(room), pytest.raises(BackupFailed), Upload(new.directory, most=ROOMY) as upload:
            put(upload, file, piece=100_000)
            upload.check(key=NO_KEY, settle=settling(kept.clock))

    assert everything(new.directory) == before


def test_an_older_backup_is_brought_up_to_date_on_the_way(kept: Kept, tmp_path: Path) -> None:
    kept.database.unlink()
    frozen.build(kept.database)
    members = kept.rows(MEMBERS)
    file = make(kept.settings, clock=kept.clock, version="0.1.0").file
    new = fresh(tmp_path / "new")

    with Upload(new.directory, most=ROOMY) as upload:
        put(upload, file)
        manifest, token = upload.check(
            key=NO_KEY, settle=settling(SystemClock())
        )  # a turn begins by SQLite's clock there
        upload.commit(now=NOON)
    finish(new.directory)

    assert (manifest.revision, current_revision(new.database)) == ("0001", head())
    assert token is not None
    assert new.rows(MEMBERS) == members
    assert {path.name for path in new.directory.glob("comarca*.db")} == {"comarca.db"}


@pytest.mark.cluster
def test_a_running_server_takes_the_restored_councils_place(tmp_path: Path) -> None:
    claims = claim_ports((8131,))
    [port] = claims.ports
    url = f"http://{LOOPBACK}:{port}"
    old = build(tmp_path / "old", url=url, plain=True)
    old.clock = Clock(NOON + timedelta(hours=1))
    file = make(old.settings, clock=old.clock, version=VERSION).file
    new = fresh(tmp_path / "new", url=url, port=port)
    server = Server(new.directory, url)
    server.start()
    try:
        wait_for(lambda: _asks(port, "/claim") is not None, "it listens", within=60)
        pid = server.pid

        with Upload(new.directory, most=ROOMY) as upload:
            put(upload, file)
            upload.check(key=NO_KEY, settle=settling(old.clock))
            upload.commit(now=NOON)
        wait_for(lambda: _actor_key(port) == _public_key(old.directory), "the restored council answers", within=60)

        assert server.running
        assert server.pid == pid
        assert new.rows(MEMBERS) == old.rows(MEMBERS)
    finally:
        server.stop()
        claims.release()
    assert server.exit_code == 0


def _asks(port: int, path: str) -> int | None:
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
        connection.request("GET", path, headers={"accept": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status
    return None


def _public_key(directory: Path) -> str:
    public = load_identity(directory).rsa.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _actor_key(port: int) -> str:
    """The key that the server shows to others; nothing while it is not there."""
    with suppress(OSError, http.client.HTTPException, KeyError, ValueError):
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=5)
        connection.request("GET", "/council", headers={"accept": "application/activity+json"})
        actor = json.loads(connection.getresponse().read())
        connection.close()
        return str(actor["publicKey"]["publicKeyPem"])
    return ""
