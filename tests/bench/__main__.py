"""`python -m tests.bench`: JSON to standard output, a short table to standard error."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.bench.amounts import Amounts
from tests.bench.running import FIGURES, run, table


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=sorted(FIGURES), help="one figure; may be repeated")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long a stretch of load lasts")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the JSON there too")
    parser.add_argument("--least", action="store_true", help="as little as possible: only whether everything runs")
    given = parser.parse_args(words)
    amounts = Amounts.least() if given.least else Amounts.usual(given.seconds)
    with tempfile.TemporaryDirectory(prefix="comarca-bench-") as folder:
        found = run(Path(folder), amounts, only=given.only)
    text = json.dumps(found, indent=2)
    print(text)
    print(table(found), file=sys.stderr)
    if given.json is not None:
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
