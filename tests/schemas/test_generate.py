"""The JSON Schemas for those who build beside us are current, and say what the models say."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from schemas.generate import FOLDER, schema_texts, write
from tests.schemas.examples import a_create, a_resolution, an_alert, an_offer


def judge(name: str) -> Draft202012Validator:
    schema = json.loads(schema_texts()[f"{name}.schema.json"])
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_schemas_in_the_tree_are_current() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}

    assert written == schema_texts(), "run: make schemas"


def test_writing_takes_away_what_has_no_model(tmp_path: Path) -> None:
    (tmp_path / "gone.schema.json").write_text("{}", encoding="utf-8")
    (tmp_path / "README").write_text("stays", encoding="utf-8")

    write(tmp_path)

    assert {path.name for path in tmp_path.iterdir()} == {*schema_texts(), "README"}


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("resource-note", an_offer()),
        ("resolution-note", a_resolution()),
        ("alert-note", an_alert()),
        ("activity", a_create()),
        ("resource-form", {"direction": "need", "title": "Fans", "until": "tonight"}),
    ],
)
def test_a_schema_accepts_what_we_send_and_refuses_its_broken_twin(name: str, document: dict[str, Any]) -> None:
    schema = judge(name)
    required = schema.schema["required"]

    assert schema.is_valid(document)
    assert required
    for member in required:
        assert not schema.is_valid({key: value for key, value in document.items() if key != member})


def test_the_patterns_of_the_models_stand_in_the_schemas() -> None:
    note = an_offer()
    note["publishes"]["action"] = "https://evil.example/transfer"

    assert not judge("resource-note").is_valid(note)
    assert not judge("resource-form").is_valid({"direction": "need", "title": "Fans", "words": "nul\x00"})
    assert not judge("resource-form").is_valid({"direction": "need", "title": "Fans", "price": "5"})
