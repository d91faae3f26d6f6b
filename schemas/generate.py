"""Writes the JSON Schemas of everything that crosses our edges, for those who build something beside Comarca.

`python -m schemas.generate` rewrites schemas/json/; a test says whether they are current. Never edited by hand.
"""

import json
from pathlib import Path
from typing import Final

from pydantic import BaseModel
from pydantic.alias_generators import to_snake
from pydantic.json_schema import JsonSchemaMode

from schemas.activity import Activity
from schemas.actor import TheirActor
from schemas.base import WireModel
from schemas.live import LiveAbout, LiveQuestion
from schemas.problem import Problem
from schemas.records.agreement import (
    AgreementAccept,
    AgreementOffer,
    AgreementReceipt,
    AgreementReject,
    AgreementUndo,
)
from schemas.records.alert import AlertForm, AlertNote, AlertView
from schemas.records.resolution import ResolutionNote
from schemas.records.resolution_forms import IdeaForm, OutcomeForm, ResolutionForm, ResolutionView
from schemas.records.resource import AvailabilityAnswer, ResourceForm, ResourceNote, ResourceView

FOLDER: Final = Path(__file__).parent / "json"
MODELS: Final[tuple[type[BaseModel], ...]] = (
    Activity,
    TheirActor,
    ResourceNote,
    ResolutionNote,
    AlertNote,
    AgreementOffer,
    AgreementAccept,
    AgreementReject,
    AgreementReceipt,
    AgreementUndo,
    ResourceForm,
    IdeaForm,
    OutcomeForm,
    ResolutionForm,
    AlertForm,
    ResourceView,
    ResolutionView,
    AlertView,
    AvailabilityAnswer,
    Problem,
    LiveQuestion,
    LiveAbout,
)


def schema_texts() -> dict[str, str]:
    """File name to finished text, for every model: wire models and forms as they are read, views as they are written."""
    texts = {}
    for model in MODELS:
        mode: JsonSchemaMode = "validation" if _is_read(model) else "serialization"
        schema = {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **model.model_json_schema(by_alias=True, mode=mode),
        }
        name = to_snake(model.__name__).replace("_", "-")
        texts[f"{name}.schema.json"] = json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    return texts


def _is_read(model: type[BaseModel]) -> bool:
    return issubclass(model, WireModel) or model.__name__.endswith("Form")


def write(folder: Path) -> None:
    """Writes all schemas into `folder`, and removes those whose model is gone."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = schema_texts()
    for old in folder.glob("*.schema.json"):
        if old.name not in texts:
            old.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(FOLDER)
