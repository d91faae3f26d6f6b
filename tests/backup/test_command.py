"""`comarca backup` and `comarca restore` as they are typed: exit codes, words for people, facts for programs."""

import subprocess
import sys
from pathlib import Path

import pyrage
import pytest

from tests.backup.councils import Kept
from tests.cluster.commands import BROKEN, comarca, data, wrong


@pytest.fixture
def file(kept: Kept) -> str:
    return str(data("backup", kept.directory)["file"])


def test_a_backup_and_its_restoring_say_what_was_done(kept: Kept, tmp_path: Path) -> None:
    made = comarca("backup", kept.directory, "--to", tmp_path / "stick")
    [file] = (tmp_path / "stick").iterdir()
    restored = comarca("restore", file, "--into", tmp_path / "again")

    assert (made.exit_code, restored.exit_code) == (0, 0)
    assert str(file) in made.stdout
    assert "Verified by restoring it to a temporary folder" in made.stdout
    assert "whoever has it can speak for the council" in made.stdout
    assert "Restored Riverside (https://riverside.example)" in restored.stdout
    assert "is not here" in restored.stdout
    assert "may now say again" in restored.stdout
    assert "https://riverside.example/in/" in restored.stdout


def test_programs_are_told_the_same(kept: Kept, file: str, tmp_path: Path) -> None:
    facts = data("restore", file, "--into", tmp_path / "again")

    assert (facts["council"], facts["moved_aside"]) == ("Riverside", None)
    assert facts["sign_in"].startswith("https://riverside.example/in/")
    again = data("restore", file, "--into", tmp_path / "again", "--replace")
    assert Path(again["moved_aside"], "comarca.db").exists()
    assert data("status", tmp_path / "again")["name"] == "Riverside"


def test_keys_and_passphrases_come_from_files(kept: Kept, tmp_path: Path) -> None:
    identity = pyrage.x25519.Identity.generate()
    keys = tmp_path / "keys.txt"
    keys.write_text(f"# created: today\n# public key: {identity.to_public()}\n{identity}\n")

    made = data("backup", kept.directory, "--encrypt-to", str(identity.to_public()))

    assert (made["encrypted"], made["verified"], made["verified_after_encrypting"]) == (True, True, False)
    assert "locked with a key" in wrong("restore", made["file"], "--into", tmp_path / "again")
    data("restore", made["file"], "--into", tmp_path / "again", "--identity-file", keys)


def test_what_was_typed_wrongly_is_said_and_nothing_is_done(kept: Kept, file: str, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_text("\n")
    key = str(pyrage.x25519.Identity.generate().to_public())

    assert "no file" in wrong("restore", tmp_path / "none", "--into", tmp_path / "again")
    assert "not empty" in wrong("restore", file, "--into", kept.directory)
    assert "first line" in wrong("restore", file, "--into", tmp_path / "again", "--passphrase-file", empty)
    assert "no age key" in wrong("restore", file, "--into", tmp_path / "again", "--identity-file", empty)
    assert "no age recipient" in wrong("backup", kept.directory, "--encrypt-to", "ssh-rsa")
    passphrase = tmp_path / "words"
    passphrase.write_text("plum otter\n")
    assert "Choose one" in wrong("backup", kept.directory, "--encrypt-to", key, "--passphrase-file", passphrase)
    assert "no council" in wrong("backup", tmp_path / "nowhere")
    assert not (tmp_path / "again").exists()


def test_a_damaged_file_is_told_from_wrong_use(kept: Kept, file: str, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.write_bytes(Path(file).read_bytes()[:-100])

    said = wrong("restore", damaged, "--into", tmp_path / "again", exit_code=BROKEN)

    assert "damaged" in said
    assert not (tmp_path / "again").exists()


def test_a_backup_that_cannot_be_made_ends_with_one(kept: Kept) -> None:
    (kept.directory / "backups").mkdir()
    holding = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path; from node.database import hold_lock\n"
            "with hold_lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()",
            str(kept.directory / "backups"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert holding.stdout is not None
    assert holding.stdout.readline() == "held\n"

    assert "Another backup" in wrong("backup", kept.directory, exit_code=BROKEN)

    holding.communicate()
    data("backup", kept.directory)
