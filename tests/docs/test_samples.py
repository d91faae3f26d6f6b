"""The samples in FEDERATION.md are what the builders make today."""

import json
import re
from datetime import timedelta

import pytest

from protocol import keys, proof
from protocol.verdict import ACCEPTED
from schemas.activity import kind_of, shape_of
from schemas.records.answer import VERBS
from schemas.records.stance import StanceVerb
from tests.builders import council
from tests.docs import samples
from tests.docs.reading import NAMES, blocks, rows, text_of

TEXT = samples.FEDERATION.read_text(encoding="utf-8")
SHOWN = samples.shown(TEXT)


@pytest.mark.parametrize("name", sorted([*samples.DOCUMENTS, *samples.HEADS]))
def test_a_sample_is_what_the_builder_makes(name: str) -> None:
    assert SHOWN.get(name) == samples.made(name), "run: python -m tests.docs.samples"


def test_a_changed_sample_would_be_noticed() -> None:
    spoiled = TEXT.replace('"40 portions of dal"', '"41 portions of dal"')

    assert samples.shown(spoiled)["create-offer"] != samples.made("create-offer")
    assert samples.written_anew(spoiled) == TEXT


def test_every_json_block_of_the_federation_file_is_a_sample() -> None:
    assert len(blocks(TEXT, "json")) == len([name for name in SHOWN if name in samples.DOCUMENTS])


@pytest.mark.parametrize("name", NAMES)
def test_every_json_block_parses(name: str) -> None:
    for block in blocks(text_of(name), "json"):
        json.loads(block)


def test_the_signed_sample_carries_a_proof_that_holds() -> None:
    document = json.loads(SHOWN["create-offer"])
    key = keys.decode_multikey(council("riverside").multibase)

    assert proof.judge_proof(document, key, now=samples.NOW) == ACCEPTED
    document["object"]["name"] = "Another meal"
    assert proof.judge_proof(document, key, now=samples.NOW) != ACCEPTED


@pytest.mark.parametrize(
    ("name", "kind"),
    [("create-offer", "resource"), ("create-resolution", "resolution"), ("create-alert", "alert")],
)
def test_each_kind_of_record_is_shown(name: str, kind: str) -> None:
    assert kind_of(json.loads(SHOWN[name])["object"]) == kind


def test_every_activity_that_is_shown_whole_has_the_shape_that_we_take() -> None:
    document = json.loads(SHOWN["create-offer"])

    activity = shape_of(document)

    assert getattr(activity, "type", None) == "Create"


def test_every_verb_that_is_sent_has_its_row_and_its_sample() -> None:
    shown = {json.loads(SHOWN[name]).get("type") for name in SHOWN if name in samples.DOCUMENTS}
    told = {verb for row in rows(TEXT, "### Sent") for verb in re.findall(r"`(\w+)`", row[0])}
    sent = {"Create", "Update", "Delete", "Offer", "Accept", "Reject", "Undo", *StanceVerb, *VERBS}

    assert told == sent
    # The five answers to a text differ in their verb alone; one of them is shown.
    assert sent - shown == {"Ignore", "TentativeReject"}


@pytest.mark.parametrize(("name", "who"), [("stance", "harbour"), ("update-actor-keys", "riverside")])
def test_what_is_shown_with_its_proof_is_by_the_council_that_says_it(name: str, who: str) -> None:
    assert json.loads(SHOWN[name])["proof"]["verificationMethod"] == council(who).ed25519_key_id


def test_the_answer_that_is_shown_whole_can_be_checked_by_its_reader() -> None:
    key = keys.decode_multikey(council("harbour").multibase)

    assert proof.judge_proof(json.loads(SHOWN["stance"]), key, now=samples.LATER + timedelta(days=3)) == ACCEPTED
