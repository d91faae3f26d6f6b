"""docs/practices.md claims nothing that is not there: every place and every test that it names exists."""

import tomllib

from tests.docs.reading import ROOT, rows, text_of

HOW = {"text", "guard", "view", "template", "core"}
RECORDS = {
    "who",
    "resource",
    "promise",
    "gathering",
    "resolution",
    "turn",
    "entry",
    "text",
    "permission",
    "alert",
    "all",
}
TABLE = rows(text_of("docs/practices.md"), "## Served today")


def test_each_practice_stands_once_and_in_order() -> None:
    numbers = [int(row[0]) for row in TABLE]

    assert numbers == sorted(set(numbers))
    assert set(numbers) <= set(range(1, 101))


def test_each_says_how_and_by_which_record() -> None:
    assert {row[2] for row in TABLE} <= RECORDS
    assert {row[3] for row in TABLE} <= HOW


def test_each_place_and_each_test_exists() -> None:
    named = [cell.strip("`") for row in TABLE for cell in row[4:6]]

    assert [path for path in named if not (ROOT / path).exists()] == []
    assert all(row[5].strip("`").startswith("tests/") for row in TABLE)


def test_what_a_recipe_claims_to_serve_is_told() -> None:
    told = {int(row[0]) for row in TABLE}
    claimed = {
        number
        for path in ROOT.glob("node/features/*/recipes/*.toml")
        for number in tomllib.loads(path.read_text(encoding="utf-8"))["practices"]
    }

    assert claimed <= told
