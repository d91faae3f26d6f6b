"""One list, one look: bounded in time, whole whatever fails, and the same for the command and the page."""

import asyncio
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from node.doctor import run
from node.doctor.finding import Cure, Finding, Report, State, worst
from node.doctor.look import Look
from node.doctor.run import CHECKS, Check, examine
from node.profile.claiming import make_claimable
from tests.builders import START
from tests.doctor.resting import resting
from tests.doctor.standing import standing


async def _good(_look: Look) -> Finding:
    return Finding("Good", State.GOOD, "All is well.")


async def _failing(_look: Look) -> Finding:
    raise ZeroDivisionError


async def _hanging(_look: Look) -> Finding:
    await asyncio.sleep(60)
    raise AssertionError("nobody waits for that")


async def _mute(_look: Look) -> None:
    return None


async def test_a_check_that_fails_or_hangs_is_a_finding_and_not_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = (Check("Fails", _failing), Check("Hangs", _hanging), Check("Mute", _mute), Check("Good", _good))
    monkeypatch.setattr(run, "CHECKS", checks)
    monkeypatch.setattr(run, "CHECK_SECONDS", 0.1)

    with resting(tmp_path) as at:
        async with asyncio.timeout(10):
            report = await examine(at.look)

    assert [(one.name, one.state) for one in report.findings] == [
        ("Fails", State.LOOK),
        ("Hangs", State.LOOK),
        ("Good", State.GOOD),
    ]
    assert report.unasked == ("Mute",)
    assert "no result within 0.1 s" in report.findings[1].detail


def test_no_look_takes_thirty_seconds() -> None:
    assert run.CHECK_SECONDS < 30


def test_every_check_has_a_name_of_its_own() -> None:
    names = [check.name for check in CHECKS]

    assert len(set(names)) == len(names) > 20


async def test_each_look_asks_anew(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        before = await at.found("Reach")
        at.listening.close()
        after = await at.found("Reach")

    assert (before.state, after.state) == (State.GOOD, State.BROKEN)


async def test_a_folder_that_cannot_be_written_is_no_end_of_the_look(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        (at.folder / "look").write_text("in the way of the folder")
        report = await at.examined()

    wrong = {one.name: one.state for one in report.findings if one.state is not State.GOOD}
    assert wrong == {"Reach": State.LOOK}
    assert {"Actor", "Inbox"} <= set(report.unasked)


async def test_a_server_that_nobody_has_set_up_is_reached_and_said_to_wait(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        at.write(make_claimable)
        at.node.site.claimed.known = False
        report = await at.examined()

    wrong = {one.name: one.state for one in report.findings if one.state is not State.GOOD}
    assert wrong == {"Reach": State.LOOK}
    [reach] = [one for one in report.findings if one.name == "Reach"]
    assert reach.cures[0].line == f"Set it up in the browser, by the link: comarca claim-link {at.folder}"


async def test_without_keys_all_else_is_looked_at(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        (at.folder / "keys" / "rsa.pem").chmod(0o644)
        report = await at.examined(council=None)

    assert {one.name for one in report.findings if one.state is not State.GOOD} == {"Keys"}
    assert set(report.unasked) == {"Shown keys", "Signatures", "Inbox"}


async def test_nothing_secret_is_told(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        report = await examine(replace(at.look))
        key = (at.folder / "keys" / "ed25519.pem").read_text().splitlines()[1]

    assert key not in repr(report)
    assert "PRIVATE" not in repr(report)


def test_the_worst_of_all_counts() -> None:
    at: datetime = START
    good, look = Finding("A", State.GOOD, "a"), Finding("B", State.LOOK, "b")
    broken = Finding("C", State.BROKEN, "c")

    assert Report(at, (good,)).state is State.GOOD
    assert Report(at, (good, look)).state is State.LOOK
    assert Report(at, (look, broken, good)).state is State.BROKEN
    assert worst(()) is State.GOOD
    assert [Report(at, (good, look, look)).count(state) for state in State] == [1, 2, 0]


def test_a_cure_is_one_line_with_what_there_is_of_it() -> None:
    assert Cure("nginx", "proxy_buffering off;").line == "nginx: proxy_buffering off;"
    assert Cure("Call somebody there").line == "Call somebody there"
    assert Cure("", "df -h").line == "df -h"
