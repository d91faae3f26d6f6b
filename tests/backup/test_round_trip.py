"""A backup made and put back: nothing is missing, nobody is signed in any more, and nothing is there by halves."""

import json
import os
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import text

from node.accounts import actions, invites, recovery
from node.app import open_council
from node.backup import BackupFailed, BadBackup, Key, Lock, make, restore
from node.backup.contents import is_ours
from node.backup.record import last_backup, last_failure, listing, prune
from node.backup.sealing import is_sealed
from node.database import AlreadyServed, hold_lock
from node.feature import Acting, Viewer
from node.identity import load_identity
from node.settings import load
from schemas.refusal import Refusal
from tests.backup.councils import NOON, RANDOMNESS, URL, VERSION, Kept, build, everything, rows, settling

MEMBERS = "SELECT id, name, created_at, ended_at FROM member ORDER BY id"


def back_up(kept: Kept, **given: object):  # type: ignore[no-untyped-def]
    return make(kept.settings, clock=kept.clock, version=VERSION, **given)  # type: ignore[arg-type]


def put_back(kept: Kept, file: Path, into: Path, **given: object):  # type: ignore[no-untyped-def]
    return restore(file, into, settle=settling(kept.clock), clock=kept.clock, **given)  # type: ignore[arg-type]


def test_what_was_backed_up_is_there_again_with_the_same_keys(kept: Kept, tmp_path: Path) -> None:
    made = back_up(kept)

    manifest, _, aside = put_back(kept, made.file, tmp_path / "again")

    again = Kept(tmp_path / "again")
    assert again.rows(MEMBERS) == kept.rows(MEMBERS)
    assert (again.directory / "comarca.toml").read_bytes() == (kept.directory / "comarca.toml").read_bytes()
    ours, theirs = load_identity(kept.directory), load_identity(again.directory)
    assert ours.ed25519.private_bytes_raw() == theirs.ed25519.private_bytes_raw()
    assert ours.rsa.private_numbers() == theirs.rsa.private_numbers()
    assert (manifest.council, manifest.url, manifest.made_at) == ("Riverside", URL, NOON)
    assert aside is None


def test_only_the_owner_can_read_a_backup_and_what_is_restored(kept: Kept, tmp_path: Path) -> None:
    made = back_up(kept, to=tmp_path / "stick")
    put_back(kept, made.file, tmp_path / "again")

    modes = {
        str(path.relative_to(tmp_path)): stat.S_IMODE(path.stat().st_mode)
        for folder in ("stick", "again")
        for path in (tmp_path / folder, *(tmp_path / folder).rglob("*"))
    }

    assert {mode for path, mode in modes.items() if (tmp_path / path).is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_file()} == {0o600}


def test_the_file_is_named_for_host_and_time_and_nothing_else_is_left(kept: Kept) -> None:
    made = back_up(kept)

    assert made.file.name == "riverside.example-20261122T120000Z.comarca-backup.tar.gz"
    assert is_ours(made.file.name, URL)
    assert {path.name for path in made.file.parent.iterdir()} == {made.file.name, "last.json", "node.lock"}


@pytest.mark.parametrize("url", ["https://riverside.example:8443", "https://[2001:db8::1]:8443", "https://127.0.0.1"])
def test_names_are_known_again_and_what_a_killed_try_left_goes(tmp_path: Path, url: str) -> None:
    kept = build(tmp_path / "council", url=url)
    first = back_up(kept)
    half = first.file.with_name(f".{first.file.name}.partial")
    half.write_bytes(b"half")
    kept.clock.pass_by(timedelta(days=1))

    second = back_up(kept)

    assert [one.name for one in listing(first.file.parent, url)] == [second.file.name, first.file.name]
    assert not half.exists()


def test_two_backups_within_a_second_do_not_overwrite_each_other(kept: Kept) -> None:
    first, second = back_up(kept), back_up(kept)

    assert first.file != second.file
    assert first.file.exists()
    assert second.file.exists()
    assert {one.name for one in listing(first.file.parent, URL)} == {first.file.name, second.file.name}


def test_the_record_says_when_where_and_how_it_was_verified(kept: Kept) -> None:
    made = back_up(kept)

    last = last_backup(kept.directory)

    assert last is not None
    assert (last.made_at, last.file, last.size) == (NOON, str(made.file), made.file.stat().st_size)
    assert (last.encrypted, last.opened, last.verified_at) == (False, True, NOON)


def test_sessions_and_links_of_the_backup_end_and_one_fresh_link_signs_the_keeper_in(
    kept: Kept, tmp_path: Path
) -> None:
    old = kept.rows("SELECT token_hash FROM session") + kept.rows("SELECT token_hash FROM sign_in_link")
    made = back_up(kept)

    _, token, _ = put_back(kept, made.file, tmp_path / "again")

    again = Kept(tmp_path / "again")
    assert len(old) == 3
    assert again.rows("SELECT * FROM session") == []
    [(link,)] = again.rows("SELECT token_hash FROM sign_in_link")
    assert (link,) not in old
    store = again.store()
    assert token is not None
    session = store.write_now(lambda c: actions.sign_in(c, token=token, now=NOON, randomness=RANDOMNESS))
    with store.reading() as connection:
        viewer = actions.viewer_of(connection, session_token=session, now=NOON)
    store.close()
    assert (viewer.name, viewer.keeper) == ("Amina", True)


def test_invites_of_the_backup_let_nobody_in_and_codes_on_paper_still_do(kept: Kept, tmp_path: Path) -> None:
    council = open_council(kept.settings, randomness=RANDOMNESS)
    acting = Acting(now=NOON, council=council, settings=kept.settings, viewer=Viewer(member_id=1, keeper=True))
    store = kept.store()
    code = store.write_now(lambda c: invites.make(c, acting, randomness=RANDOMNESS, uses=3, days=14))
    on_paper = store.write_now(lambda c: recovery.new_sheet(c, acting, randomness=RANDOMNESS))
    store.close()
    made = back_up(kept)

    put_back(kept, made.file, tmp_path / "again")

    good = []
    for store in (kept.store(), Kept(tmp_path / "again").store()):
        with store.reading() as connection:
            invite = invites.look(connection, code=code, now=NOON) is not None
            paper = actions.is_open(connection, token=on_paper[0], now=NOON)
        good.append((invite, paper))
        store.close()
    assert good == [(True, True), (False, True)]


def test_whoever_had_the_turn_last_gets_the_link_when_it_has_ended_since(kept: Kept, tmp_path: Path) -> None:
    made = back_up(kept)
    kept.clock.pass_by(timedelta(weeks=60))

    _, token, _ = put_back(kept, made.file, tmp_path / "again")

    assert token is not None
    assert Kept(tmp_path / "again").rows("SELECT member_id FROM sign_in_link") == [(1,)]


def test_a_council_that_nobody_ever_kept_is_restored_without_a_link(kept: Kept, tmp_path: Path) -> None:
    store = kept.store()
    store.write_now(lambda c: c.execute(text("DELETE FROM turn")))
    store.close()
    made = back_up(kept)

    _, token, _ = put_back(kept, made.file, tmp_path / "again")

    assert token is None


def test_a_backup_made_while_others_write_is_one_moment_of_the_database(kept: Kept, tmp_path: Path) -> None:
    store, ending = kept.store(), threading.Event()
    store.write_now(lambda c: c.execute(text("CREATE TABLE pair (id INTEGER PRIMARY KEY, a INTEGER, b INTEGER)")))

    def pair(connection: object) -> None:
        # Two rows that only one transaction writes: a torn copy would hold one without the other.
        for _ in range(2):
            connection.execute(text("INSERT INTO pair (a, b) SELECT count(*), count(*) / 2 FROM pair"))  # type: ignore[attr-defined]

    def write_on() -> None:
        while not ending.is_set():
            store.write_now(pair)

    writers = [threading.Thread(target=write_on) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        made = [back_up(kept) for _ in range(5)]
    finally:
        ending.set()
        for writer in writers:
            writer.join()
        store.close()

    counts = []
    for number, one in enumerate(made):
        put_back(kept, one.file, tmp_path / str(number))
        [(count,)] = rows(tmp_path / str(number) / "comarca.db", "SELECT count(*) FROM pair")
        assert count % 2 == 0
        counts.append(count)
    assert counts == sorted(counts)
    assert counts[-1] > counts[0], "somebody wrote in between"


def test_a_folder_with_anything_in_it_is_left_alone_unless_it_may_be_replaced(kept: Kept, tmp_path: Path) -> None:
    made, other = back_up(kept, to=tmp_path / "stick"), tmp_path / "other"
    other.mkdir()
    (other / "recipe.txt").write_text("flour")
    before = everything(other)

    with pytest.raises(Refusal, match="not empty"):
        put_back(kept, made.file, other)

    assert everything(other) == before


def test_replacing_moves_the_old_council_aside_whole(kept: Kept, tmp_path: Path) -> None:
    made = back_up(kept, to=tmp_path / "stick")
    store = kept.store()
    store.write_now(lambda c: actions.add_member(c, name="Later", keeper=False, now=NOON))
    store.close()
    before = everything(kept.directory)

    _, _, aside = put_back(kept, made.file, kept.directory, replace=True)

    assert [name for _, name, *_ in kept.rows(MEMBERS)] == ["Amina", "Zoë O'Neil"]
    assert aside is not None
    moved = everything(aside)
    assert moved == {name: inside for name, inside in before.items() if not name.startswith("backups")}
    assert [name for (name,) in rows(aside / "comarca.db", "SELECT name FROM member")][-1] == "Later"
    assert last_backup(kept.directory) is not None, "what is known of backups stays"


def test_replacing_twice_within_a_second_keeps_both_old_councils(kept: Kept, tmp_path: Path) -> None:
    made = back_up(kept, to=tmp_path / "stick")

    asides = [put_back(kept, made.file, kept.directory, replace=True)[2] for _ in range(2)]

    assert asides[0] != asides[1]
    assert all((aside / "comarca.db").exists() for aside in asides)


def test_a_folder_that_is_being_served_is_never_touched(kept: Kept, tmp_path: Path) -> None:
    made = back_up(kept, to=tmp_path / "stick")
    before = everything(kept.directory)

    with hold_lock(kept.directory), pytest.raises(AlreadyServed):
        put_back(kept, made.file, kept.directory, replace=True)

    assert everything(kept.directory) == before


def test_another_councils_backup_does_not_take_this_ones_place(kept: Kept, tmp_path: Path) -> None:
    harbour = build(tmp_path / "harbour", url="https://harbour.example")
    made, before = back_up(kept, to=tmp_path / "stick"), everything(harbour.directory)

    with pytest.raises(BadBackup, match=r"riverside\.example.*harbour\.example"):
        put_back(kept, made.file, harbour.directory, replace=True)

    assert everything(harbour.directory) == before


def test_a_settings_variable_with_another_address_is_no_way_around(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = back_up(kept)
    monkeypatch.setenv("COMARCA_URL", "https://harbour.example")

    with pytest.raises(BadBackup, match=r"harbour\.example"):
        put_back(kept, made.file, tmp_path / "again")

    assert not (tmp_path / "again").exists()


def test_encrypted_to_a_key_of_somebody_else_it_opens_with_that_key_only(kept: Kept, tmp_path: Path) -> None:
    theirs, strangers = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    made = back_up(kept, lock=Lock((str(theirs.to_public()),)))

    assert made.file.name.endswith(".comarca-backup.tar.gz.age")
    assert is_sealed(made.file)
    assert (made.encrypted, made.opened) == (True, False)
    assert b"Amina" not in made.file.read_bytes()
    with pytest.raises(BadBackup, match="does not open"):
        put_back(kept, made.file, tmp_path / "no", key=Key(identities=(str(strangers),)))
    with pytest.raises(Refusal, match="locked with a key"):
        put_back(kept, made.file, tmp_path / "no")
    assert not (tmp_path / "no").exists()

    put_back(kept, made.file, tmp_path / "again", key=Key(identities=(str(strangers), str(theirs))))

    assert Kept(tmp_path / "again").rows(MEMBERS) == kept.rows(MEMBERS)


def test_under_a_passphrase_the_finished_file_is_tried_and_a_wrong_one_opens_nothing(
    kept: Kept, tmp_path: Path
) -> None:
    made = back_up(kept, lock=Lock(passphrase="plum otter brick canal"))

    assert (made.encrypted, made.opened) == (True, True)
    with pytest.raises(BadBackup, match="does not open"):
        put_back(kept, made.file, tmp_path / "no", key=Key(passphrase="plum otter brick"))
    with pytest.raises(Refusal, match="Type its passphrase"):
        put_back(kept, made.file, tmp_path / "no")
    assert not (tmp_path / "no").exists()

    put_back(kept, made.file, tmp_path / "again", key=Key(passphrase="plum otter brick canal"))

    assert Kept(tmp_path / "again").rows(MEMBERS) == kept.rows(MEMBERS)


def test_what_is_to_be_encrypted_never_lies_in_the_clear_where_it_is_going(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda fd: (seen.extend(p.read_bytes() for p in stick.iterdir()), sync(fd))[1])
    stick = tmp_path / "stick"
    stick.mkdir()

    back_up(kept, to=stick, lock=Lock((str(pyrage.x25519.Identity.generate().to_public()),)))

    assert seen
    assert all(not found or found.startswith(b"age-encryption.org/v1\n") for found in seen)


def test_a_key_and_a_passphrase_together_are_refused_and_so_is_a_key_that_is_none() -> None:
    with pytest.raises(Refusal, match="Choose one"):
        Lock((str(pyrage.x25519.Identity.generate().to_public()),), "words")
    with pytest.raises(Refusal, match="no age recipient"):
        Lock(("age1nonsense",))


def test_a_damaged_database_gives_no_backup_and_the_last_good_one_stays(kept: Kept) -> None:
    good = back_up(kept)
    content = bytearray(kept.database.read_bytes())
    content[4096 * 3 : 4096 * 9] = b"\xff" * (4096 * 6)
    kept.database.write_bytes(content)
    kept.clock.pass_by(timedelta(days=1))

    with pytest.raises(BackupFailed):
        back_up(kept)

    assert [one.name for one in listing(good.file.parent, URL)] == [good.file.name]
    last, failure = last_backup(kept.directory), last_failure(kept.directory)
    assert last is not None
    assert failure is not None
    assert (last.made_at, failure.at) == (NOON, NOON + timedelta(days=1))


def test_a_failure_is_forgotten_with_the_next_good_backup(kept: Kept) -> None:
    content = kept.database.read_bytes()
    kept.database.write_bytes(b"no database")
    with pytest.raises(BackupFailed):
        back_up(kept)
    kept.database.write_bytes(content)

    back_up(kept)

    assert last_failure(kept.directory) is None


def test_a_second_backup_at_the_same_time_is_told_to_wait(kept: Kept) -> None:
    (kept.directory / "backups").mkdir()

    with hold_lock(kept.directory / "backups"), pytest.raises(BackupFailed, match="Another backup"):
        back_up(kept)

    back_up(kept)


def test_the_newest_are_kept_and_the_last_verified_one_whatever_its_age(kept: Kept) -> None:
    made = []
    for _ in range(5):
        made.append(back_up(kept))
        kept.clock.pass_by(timedelta(days=1))
    last, folder = last_backup(kept.directory), made[0].file.parent
    assert last is not None
    others = folder / "harbour.example-20200101T000000Z.comarca-backup.tar.gz"
    others.write_bytes(b"somebody else's")

    gone = prune(folder, URL, keep=2, last=last.model_copy(update={"file": str(made[0].file)}))

    assert gone == [made[2].file.name, made[1].file.name]
    assert [one.name for one in listing(folder, URL)] == [made[4].file.name, made[3].file.name, made[0].file.name]
    assert others.exists()


def test_an_illegible_record_counts_as_none(kept: Kept) -> None:
    back_up(kept)
    record = kept.directory / "backups" / "last.json"
    assert json.loads(record.read_text())["encrypted"] is False

    record.write_text("{")

    assert last_backup(kept.directory) is None


def test_settings_of_the_restored_council_can_be_used_at_once(kept: Kept, tmp_path: Path) -> None:
    put_back(kept, back_up(kept).file, tmp_path / "again")

    assert load(tmp_path / "again").listen.port == 8123
