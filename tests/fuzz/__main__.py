"""The same targets under a fuzzer that is guided by coverage (atheris, libFuzzer): `make fuzz`, or

    python -m tests.fuzz [TARGET ...] [--scale N] [--corpus FOLDER]

Each target runs in a fork of its own: N times twenty times as many executions as an ordinary run of the tests has. What
breaks a promise is written into `found/TARGET` beside this file: mend the parser, and leave the file there. With the same `--seed`
and an empty corpus a run is repeated.
"""

import argparse
import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from tests.fuzz.registry import FOUND, Target

ROOT = Path(__file__).parents[2]
LONGEST = 20_000
MOST_MEGABYTES = 600
MOST_SECONDS = 120
TIMES = 20
# Names of our own packages: what they decide is what guides the fuzzer.
WATCHED = ["protocol", "schemas", "federation", "node.features"]
TOLD = ("number_of_executed_units", "new_units_added", "peak_rss_mb")


def _become_the_fuzzer(atheris: Any, target: Target, corpus: Path, *, scale: int, seed: int) -> None:
    """Ends this process."""
    from tests.fuzz.guarding import processor_bounded

    corpus.mkdir(parents=True, exist_ok=True)
    for number, sample in enumerate([*target.samples(), *target.found()]):
        (corpus / f"sample-{number}").write_bytes(sample)
    target.check(target.samples()[0])  # what is made once is in nobody's time
    found = FOUND / target.name
    found.mkdir(parents=True, exist_ok=True)
    limits = [f"-max_len={LONGEST}", f"-rss_limit_mb={MOST_MEGABYTES}", f"-timeout={MOST_SECONDS}"]
    told = [
        f"-runs={scale * TIMES * target.runs}",
        f"-seed={seed}",
        f"-artifact_prefix={found}/",
        "-print_final_stats=1",
    ]

    def check(data: bytes) -> None:
        with processor_bounded():
            target.check(data)

    atheris.Setup([sys.argv[0], str(corpus), *limits, *told], check)
    atheris.Fuzz()


def _fuzzed(atheris: Any, target: Target, log: IO[str], **given: Any) -> int:
    """Fuzz one target in a fork, whose words go into `log`. Returns how it ended: 0 where nothing broke."""
    child = os.fork()
    if child == 0:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        _become_the_fuzzer(atheris, target, **given)
        os._exit(1)
    return os.waitpid(child, 0)[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="*", help="names of targets; all of them where none is given")
    parser.add_argument("--scale", type=int, default=10, help="how long: 10 are about two million executions in all")
    parser.add_argument("--seed", type=int, default=1, help="of the fuzzer")
    parser.add_argument(
        "--corpus", type=Path, default=ROOT / "build" / "fuzz", help="what was found interesting before"
    )
    given = parser.parse_args()
    import atheris

    with atheris.instrument_imports(include=WATCHED, enable_loader_override=False):
        from tests.fuzz.targets import TARGETS
    broken = []
    for name in given.targets or list(TARGETS):
        with tempfile.TemporaryFile("w+", errors="replace") as log:
            corpus = given.corpus / name
            ended = _fuzzed(atheris, TARGETS[name], log, corpus=corpus, scale=given.scale, seed=given.seed)
            log.seek(0)
            said = log.read()
        print(f"{name:24} {'broke' if ended else 'held '} {_told(said)}", flush=True)
        if ended:
            broken.append(name)
            print(said[-6_000:])
        with suppress(OSError):
            (FOUND / name).rmdir()  # where nothing was found
    return 1 if broken else 0


def _told(lines: str) -> str:
    """How many executions there were, what they found worth keeping, and how much memory there was at most."""
    words = (line.removeprefix("stat::").split(":") for line in lines.splitlines() if line.startswith("stat::"))
    return ", ".join(f"{name} {value.strip()}" for name, value in words if name in TOLD)


if __name__ == "__main__":
    sys.exit(main())
