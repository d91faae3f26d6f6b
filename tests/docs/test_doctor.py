"""What the doctor looks at, and what the paper on it says, are the same list in the same order."""

import re

from node.doctor.run import CHECKS
from tests.docs.reading import text_of


def test_every_check_stands_in_the_table_and_nothing_else_does() -> None:
    rows = [line for line in text_of("docs/doctor.md").splitlines() if line.startswith("| ")][1:]

    told = [name for row in rows for name in re.split(", ", row.split("|")[1].strip())]

    assert told == [check.name for check in CHECKS]
