"""`comarca doctor`: the same list of checks as the page *Our server*, with the very line that mends each fault."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer

from federation.council import Council
from federation.transport import NetworkTransport
from node.app import DATABASE, open_council, rules_of, software_version
from node.cli.opening import Folder
from node.cli.saying import BROKEN, Json, answer
from node.cli.saying import plainly as said_plainly
from node.doctor.finding import Finding, Report, State
from node.identity import BadIdentity
from node.ports import SystemClock, SystemRandomness
from node.settings import Settings, load
from schemas.refusal import Refusal

MARKS = {State.GOOD: "✓", State.LOOK: "!", State.BROKEN: "✗"}

ProxyName = Annotated[
    str | None, typer.Option("--proxy", help="nginx or caddy: print the whole block that works, and look at nothing.")
]


@said_plainly
def doctor(directory: Folder, proxy: ProxyName = None, json: Json = False) -> None:
    """Look whether the server is well, as others see it too, and say what mends what is not."""
    settings = load(directory)
    if proxy is not None:
        _say_block(settings, proxy, as_json=json)
        return
    if not (directory / DATABASE).exists():
        raise Refusal(
            "no-council", sentence=f"There is no council in {directory}. Type: comarca init {directory} --url https://…"
        )
    report = asyncio.run(_examined(settings))
    answer(json, _facts(report), *_lines(report))
    if report.state is State.BROKEN:
        raise typer.Exit(BROKEN)


def _say_block(settings: Settings, name: str, *, as_json: bool) -> None:
    from node.doctor.proxy import block

    if name not in ("nginx", "caddy"):
        raise Refusal("no-such-proxy", sentence=f"{name!r} is not known here. Type --proxy nginx or --proxy caddy.")
    text = block(name, url=settings.url, upstream=f"{settings.listen.host}:{settings.listen.port}")
    answer(as_json, {"proxy": name, "block": text}, text.rstrip())


async def _examined(settings: Settings) -> Report:
    from node.doctor.look import Look
    from node.doctor.run import examine

    randomness = SystemRandomness()
    council: Council | None
    try:
        council = open_council(settings, randomness=randomness)
    except BadIdentity:
        council = None  # the check of the keys says what is wrong; the others go on without
    transport = NetworkTransport(rules_of(settings).policy)
    look = Look(
        settings=settings,
        council=council,
        clock=SystemClock(),
        randomness=randomness,
        transport=transport,
        version=software_version(),
    )
    try:
        return await examine(look)
    finally:
        await transport.aclose()


def _lines(report: Report) -> list[str]:
    width = max((len(finding.name) for finding in report.findings), default=0)
    lines = [line for finding in report.findings for line in _told(finding, width)]
    counts = [
        f"{report.count(State.GOOD)} good",
        f"{report.count(State.LOOK)} to look at",
        f"{report.count(State.BROKEN)} broken",
    ]
    if report.unasked:
        counts.append(f"{len(report.unasked)} not asked until that is mended ({', '.join(report.unasked)})")
    return [*lines, "  " + ", ".join(counts)]


def _told(finding: Finding, width: int) -> list[str]:
    indent = " " * (width + 6)
    words = [f"  {MARKS[finding.state]} {finding.name:<{width}}  {finding.detail or finding.words}"]
    if finding.state is not State.GOOD and finding.detail:
        words.append(f"{indent}{finding.words}")
    return words + [f"{indent}→ {cure.line}" for cure in finding.cures]


def _facts(report: Report) -> dict[str, Any]:
    findings = [asdict(finding) | {"cures": [cure.line for cure in finding.cures]} for finding in report.findings]
    counts = {state.value: report.count(state) for state in State}
    return {
        "at": report.at,
        "state": report.state,
        "counts": counts,
        "findings": findings,
        "unasked": list(report.unasked),
    }
