"""`comarca demo --script`: the demo walks through itself, PASS or FAIL for each step, against the three real servers."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from node.demo.asking import Visitor
from node.demo.checking import NotSeen
from node.demo.councils import SKETCHES
from node.demo.processes import Stopped
from node.demo.region import Region, running_region
from node.demo.stage import Stage
from node.demo.steps import audiences, availability, calls, carried, crash, decisions, exchange, joint, life, refusals
from node.demo.stranger import Follower, Stranger, outside_council

Step = Callable[[Stage], str]

ORDER: tuple[Step, ...] = (
    *availability.STEPS,
    *life.STEPS,
    *audiences.STEPS,
    *exchange.STEPS,
    *decisions.STEPS,
    *joint.STEPS,
    *calls.STEPS,
    *refusals.STEPS,
    *crash.STEPS,
    *carried.STEPS,
)
SETTING_UP = "three councils start, link up and show what is on their walls"


@dataclass(frozen=True, slots=True)
class Result:
    """How one step went: `detail` says what was seen, `seconds` how long it took."""

    name: str
    passed: bool
    seconds: float
    detail: str


def run_tour(keep: Path | None, as_json: bool) -> bool:
    """Walk through all steps. True only if every one of them has passed.

    Prints a line for each, or with `as_json` at the end one object {"passed", "seconds", "steps": [{name, passed, seconds,
    detail}]}. A step that fails does not keep the later ones from being tried.
    """
    began = time.monotonic()
    results: list[Result] = []

    def tell(result: Result) -> None:
        results.append(result)
        if not as_json:
            _say(result)

    try:
        _walk(keep, tell)
    except NotSeen as error:
        tell(Result(SETTING_UP, False, _since(began), str(error)))
    except Stopped:
        sys.stderr.write("comarca: the tour was stopped.\n")
    passed = len(results) == len(ORDER) + 1 and all(result.passed for result in results)
    if as_json:
        facts = {"passed": passed, "seconds": _since(began), "steps": [asdict(result) for result in results]}
        sys.stdout.write(json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    else:
        good = sum(result.passed for result in results)
        sys.stdout.write(f"{good} of {len(ORDER) + 1} steps passed, in {_since(began):.1f} s\n")
    return passed


def _walk(keep: Path | None, tell: Callable[[Result], None]) -> None:
    began = time.monotonic()
    with running_region(keep, say=_nothing) as region, _stage(region) as stage:
        travelled = f"{sum(region.records.values())} records, {region.messages} signed messages delivered"
        tell(Result(SETTING_UP, True, _since(began), travelled))
        for step in ORDER:
            tell(_run(step, stage))


def _run(step: Step, stage: Stage) -> Result:
    name, began = sentence_of(step), time.monotonic()
    try:
        detail = step(stage)
    except NotSeen as error:
        return Result(name, False, _since(began), str(error))
    except Exception as error:  # whatever a step stumbles over is how it failed, and the others are still to be tried
        return Result(name, False, _since(began), f"{type(error).__name__}: {error}")
    return Result(name, True, _since(began), detail)


def sentence_of(step: Step) -> str:
    """The name of a step as it is printed: its function's, with the councils' names as they are written."""
    words = step.__name__.split("_")
    names = {sketch.name.lower(): sketch.name for sketch in SKETCHES}
    return " ".join(names.get(word, word) for word in words)


@contextmanager
def _stage(region: Region) -> Iterator[Stage]:
    with ExitStack() as closing:
        reader, elsewhere = closing.enter_context(Stranger()), closing.enter_context(Stranger())
        outside = outside_council("Elsewhere", elsewhere, region.harbour.randomness)
        yield Stage(region, Follower(reader), outside, elsewhere, Visitor(region.riverside.url))


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)


def _say(result: Result) -> None:
    word = "PASS" if result.passed else "FAIL"
    sys.stdout.write(f"{word} {result.seconds:6.2f} s  {result.name}\n{'':15}{result.detail}\n")
    sys.stdout.flush()


def _nothing(_words: str) -> None:
    return
