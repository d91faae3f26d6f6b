"""Practices that are served by never building something: no field, table or page for it may come in by the back door.

Each test is one guard of docs/practices.md. A field that is really needed changes the guard in the open.
"""

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel
from sqlmodel import SQLModel

import node.installed  # noqa: F401  the tables of every feature
import schemas.generate  # noqa: F401  every shape that crosses an edge
from node.feature import Slip
from schemas.context import CATEGORIES
from tests.architecture.tree import PACKAGES, python_files, text_of
from tests.web.words_of_the_house import ROOT, words_in_the_source

NEVER = {
    14: r"birth|date_of_birth|\bage\b|years_old|minor_child",
    27: r"membership_fee|dues|\btier\b|paid_plan|weight_of_vote|voting_power",
    36: r"rank|leaderboard|league|response_time|productivity|streak|badge",
    52: r"sponsor|observer|moderator_outside|government|funder_role",
    55: r"ip_address|user_agent|remote_addr|device_id|fingerprint_of_device|last_ip",
    56: r"meals_served|people_served|beneficiar|output_total",
    59: r"balance|credit|debt|given_total|received_total|karma|\bpoints\b",
    66: r"price|cost\b|fee\b|rating|stars|score",
    71: r"eligib|income|status_check|means_test|worthiness|immigration|legal_name|document_number",
}


def _columns() -> Iterator[str]:
    for table in SQLModel.metadata.tables.values():
        for column in table.columns:
            yield f"{table.name}.{column.name}"


def _shapes(model: type[BaseModel] = BaseModel) -> Iterator[str]:
    for shape in model.__subclasses__():
        if shape.__module__.partition(".")[0] in PACKAGES and not issubclass(shape, SQLModel):
            for name in shape.model_fields:
                yield f"{shape.__name__}.{name}"
        yield from _shapes(shape)


@pytest.mark.parametrize("practice", sorted(NEVER))
def test_no_column_and_no_shape_keeps_it(practice: int) -> None:
    pattern = re.compile(NEVER[practice])

    assert [name for name in _columns() if pattern.search(name.partition(".")[2])] == []
    assert [name for name in _shapes() if pattern.search(name.partition(".")[2])] == []


@pytest.mark.parametrize(
    ("practice", "name"),
    [
        (14, "birth_date"),
        (55, "last_ip"),
        (59, "balance"),
        (66, "price"),
        (71, "legal_name"),
        (36, "rank"),
        (56, "meals_served"),
    ],
)
def test_such_a_field_would_be_noticed(practice: int, name: str) -> None:
    assert re.search(NEVER[practice], name)


def test_there_is_something_to_look_at() -> None:
    assert len(set(_columns())) > 60
    assert len(set(_shapes())) > 100


def test_no_slip_names_the_person_who_put_it_up() -> None:
    assert not {"by", "author", "member", "member_id", "by_member"} & set(Slip.__dataclass_fields__)


def test_needs_and_offers_are_one_record_on_one_board() -> None:
    """Practice 67: nobody is filed as a giver or as a taker."""
    tables = set(SQLModel.metadata.tables)

    assert "resource" in tables
    assert not {"need", "offer", "request", "donation", "donor", "client"} & tables


def test_what_neighbours_give_each_other_has_a_kind_and_repair_is_among_them() -> None:
    assert {"food", "tools", "skills", "time", "care", "space", "transport"} <= set(CATEGORIES)


def test_no_page_counts_what_somebody_gave_or_took() -> None:
    counted = re.compile(
        r"\b(you|they) (have )?(gave|given|took|taken|received|helped) [^.]*\bcount|times (helped|given)", re.I
    )
    words = [text for one in words_in_the_source() for text in ((one,) if isinstance(one, str) else one)]

    assert [text for text in words if counted.search(text)] == []


def test_every_page_prints() -> None:
    """Practice 90: one style for paper, and no page turns it off."""
    sheet = (ROOT / "node/web/static/app.css").read_text(encoding="utf-8")

    assert "@media print" in sheet
    assert "@page" in sheet


def test_no_address_of_whoever_asks_is_read() -> None:
    """Practice 55, beside tests/architecture/test_source.py."""
    readers = [
        str(path)
        for path in python_files(*PACKAGES)
        if re.search(r"request\.client\b|scope\[.client.\]|x-forwarded-for|x-real-ip", text_of(path) or "", re.I)
        and "doctor" not in path.parts
    ]

    assert readers == []
