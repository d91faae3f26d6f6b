"""`comarca verify`: a record is checked on any machine, by the file and nothing else, and against a council's keys where asked."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from federation.tables import Peer, PeerKey, table_of
from node.cli.main import application
from node.database import Store
from protocol.agreement.filing import LARGEST
from protocol.agreement.key_words import key_words
from tests.protocol.agreement.village import (
    MULTIBASE,
    STRANGER,
    TEXT,
    actor,
    answer,
    record,
    resolution,
    simple_record,
)

NOON = datetime(2024, 11, 18, 11, 0, tzinfo=UTC)


def comarca(*words: object, given: bytes | None = None) -> Result:
    return CliRunner().invoke(application, [str(word) for word in words], input=given)


def filed(folder: Path, document: Any) -> Path:
    path = folder / "record.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A council that is linked up with Harbour, was once with Hillside, and knows that Riverside has changed its key."""
    folder = tmp_path_factory.mktemp("council") / "one"
    made = comarca("init", folder, "--name", "One", "--url", "https://one.example", "--keeper", "Amina")
    assert made.exit_code == 0, made.output
    rows = [
        peer("harbour", "accepted", MULTIBASE["harbour"]),
        peer("riverside", "accepted", MULTIBASE[STRANGER]),
        peer("hillside", "ended", MULTIBASE["hillside"]),
    ]
    given_up = {"key_id": "k", "actor_id": actor("riverside"), "multibase": MULTIBASE["riverside"], "until": NOON}
    store = Store.open(folder / "comarca.db")
    store.write_now(lambda c: c.execute(table_of(Peer).insert(), rows))
    store.write_now(lambda c: c.execute(table_of(PeerKey).insert().values(**given_up)))
    store.close()
    return folder


def peer(name: str, state: str, key: str) -> dict[str, Any]:
    return {
        "actor_id": actor(name),
        "origin": f"https://{name}.example",
        "name": name,
        "inbox": f"https://{name}.example/inbox",
        "state": state,
        "ed25519_key_id": f"{actor(name)}#ed25519-key",
        "ed25519_multibase": key,
        "created_at": NOON,
    }


def test_a_good_record_says_what_was_decided_and_what_nobody_can_know(tmp_path: Path) -> None:
    ran = comarca("verify", filed(tmp_path, record()))

    assert ran.exit_code == 0
    lines = ran.stdout.splitlines()
    assert lines[:2] == ["The well (number 14)", "https://riverside.example/o/well"]
    assert "  ✓ The text is the one that the digest stands for, word for word." in lines
    assert "It is adopted, as of 2024-11-21 08:00 UTC." in lines
    assert "  1 agreed, 1 with reservations, 1 silent" in lines
    assert "  Harbour: with reservations" in lines
    assert "✗" not in ran.stdout
    words = " ".join(key_words(actor("harbour"), MULTIBASE["harbour"]))
    assert f"  ? Harbour ({actor('harbour')}): {words}" in lines
    assert any(
        line.startswith("  ? What happened in a gathering is the word of those who were there") for line in lines
    )
    assert any("--in DIR" in line for line in lines)


def test_one_changed_word_fails_by_name(tmp_path: Path) -> None:
    changed = record()
    changed["resolution"]["object"]["comarca:resolution"]["text"] = TEXT.replace("Nobody", "Somebody")

    ran = comarca("verify", filed(tmp_path, changed))

    assert ran.exit_code == 1
    failed = [line for line in ran.stdout.splitlines() if "✗" in line]
    assert any(line.endswith("[other-text]") for line in failed)
    assert any(line.endswith("[bad-proof]") for line in failed)
    assert "What came of it cannot be told from this file." in ran.stdout
    assert "adopted" not in ran.stdout


def test_programs_are_told_the_same(tmp_path: Path) -> None:
    late = answer("hillside", "Reject", at=1_000)
    path = filed(tmp_path, record(answer("riverside"), answer("harbour"), late, as_of="2024-12-20T08:00:00Z"))

    ran = comarca("verify", path, "--json")

    facts = json.loads(ran.stdout)
    assert (facts["good"], facts["outcome"]) == (True, "adopted")
    assert ("other-text", True) in [(one["word"], one["passed"]) for one in facts["checks"]]
    assert facts["tally"]["answers"][0] == {"actor": actor("riverside"), "name": "Riverside", "answer": "agreed"}
    assert facts["tally"]["counts"] | {"agreed": 2, "silent": 1} == facts["tally"]["counts"]
    assert facts["tally"]["left_out"] == [{"id": late["id"], "actor": actor("hillside"), "why": "late"}]
    assert facts["resolution"]["stage"] == "adopted" and facts["resolution"]["number"] == 14
    assert facts["keys"][0]["words"] == list(key_words(actor("riverside"), MULTIBASE["riverside"]))
    assert ran.exit_code == 0


def test_a_record_may_come_on_the_line() -> None:
    ran = comarca("verify", "-", "--json", given=json.dumps(record()).encode())

    assert ran.exit_code == 0
    assert json.loads(ran.stdout)["outcome"] == "adopted"


def test_a_council_s_own_resolution_is_told_as_its_own_word(tmp_path: Path) -> None:
    ran = comarca("verify", filed(tmp_path, simple_record()))

    assert ran.exit_code == 0
    assert "Its council says of it: adopted, as of 2024-11-21 08:00 UTC." in ran.stdout


def test_keys_are_compared_with_those_that_a_council_knows(tmp_path: Path, council: Path) -> None:
    path = filed(tmp_path, record())

    ran = comarca("verify", path, "--in", council, "--json")

    facts = json.loads(ran.stdout)
    keys = {one["about"]: one["passed"] for one in facts["checks"] if one["word"] == "unknown-key"}
    assert keys == {actor("riverside"): None, actor("harbour"): True, actor("hillside"): None}
    assert ran.exit_code == 0
    assert "--in DIR" not in comarca("verify", path, "--in", council).stdout


def test_an_invented_key_fails_where_the_true_one_is_known(tmp_path: Path, council: Path) -> None:
    invented = simple_record()
    invented["keys"] = {actor("riverside"): MULTIBASE["hillside"]}
    invented["resolution"] = resolution(by="hillside", rule=None, textDigest=resolution_digest(invented))
    invented["resolution"]["proof"]["verificationMethod"] = f"{actor('riverside')}#ed25519-key"

    ran = comarca("verify", filed(tmp_path, invented), "--in", council, "--json")

    failed = {one["word"] for one in json.loads(ran.stdout)["checks"] if one["passed"] is False}
    assert "unknown-key" in failed
    assert ran.exit_code == 1


def resolution_digest(document: dict[str, Any]) -> str:
    return str(document["resolution"]["object"]["comarca:resolution"]["textDigest"])


def test_a_council_knows_its_own_key(tmp_path: Path) -> None:
    folder = tmp_path / "two"
    assert (
        comarca("init", folder, "--name", "Two", "--url", "https://riverside.example", "--keeper", "A").exit_code == 0
    )

    ran = comarca("verify", filed(tmp_path, record()), "--in", folder, "--json")

    keys = {one["about"]: one["passed"] for one in json.loads(ran.stdout)["checks"] if one["word"] == "unknown-key"}
    assert keys == {actor("riverside"): False, actor("harbour"): None, actor("hillside"): None}
    assert ran.exit_code == 1


@pytest.mark.parametrize(
    ("raw", "word"),
    [(b"not json", "malformed"), (b"{}", "wrong-shape"), (b" " * (LARGEST + 1), "too-large")],
    ids=["no json", "no record", "too large"],
)
def test_what_is_no_record_fails_and_says_so(tmp_path: Path, raw: bytes, word: str) -> None:
    path = tmp_path / "record.json"
    path.write_bytes(raw)

    said, facts = comarca("verify", path), comarca("verify", path, "--json")

    assert (said.exit_code, facts.exit_code) == (1, 1)
    assert said.stdout.startswith("  ✗ ") and f"[{word}]" in said.stdout
    assert json.loads(facts.stdout)["resolution"] is None


def test_a_record_from_the_future_fails(tmp_path: Path) -> None:
    ran = comarca("verify", filed(tmp_path, record(as_of="9000-01-01T00:00:00Z")), "--json")

    assert [one["word"] for one in json.loads(ran.stdout)["checks"] if one["passed"] is False] == ["ahead"]
    assert ran.exit_code == 1


def test_wrong_use_is_told_apart_from_a_bad_record(tmp_path: Path) -> None:
    path = filed(tmp_path, record())

    missing, folder = comarca("verify", tmp_path / "nothing.json"), comarca("verify", tmp_path)
    no_council = comarca("verify", path, "--in", tmp_path)

    assert [ran.exit_code for ran in (missing, folder, no_council, comarca("verify"))] == [2, 2, 2, 2]
    assert "cannot be read" in missing.stderr and "cannot be read" in folder.stderr
    assert "There is no council" in no_council.stderr


def test_a_record_writes_no_line_of_its_own(tmp_path: Path) -> None:
    told = resolution(note={"name": "The well\n  ✓ All is well.\x1b[2J\u2028  ✓ And more."})
    broken = {"type": "Like", "id": "x\n  ✓ This too."}

    ran = comarca("verify", filed(tmp_path, record(answer("riverside"), answer("harbour"), broken, told=told)))

    assert not [line for line in ran.stdout.splitlines() if line.strip().startswith(("✓ All", "✓ And", "✓ This"))]
    assert "\x1b" not in ran.stdout
    assert ran.exit_code == 1
