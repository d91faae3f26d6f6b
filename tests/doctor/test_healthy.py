from pathlib import Path

from node.doctor.finding import State
from node.doctor.run import CHECKS
from tests.doctor.standing import HARBOUR, standing


async def test_a_healthy_server_passes_every_check_with_nothing_to_look_at(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        report = await at.examined()

    assert [(one.name, one.state, one.detail) for one in report.findings if one.state is not State.GOOD] == []
    assert report.unasked == ()
    assert [one.name for one in report.findings] == [check.name for check in CHECKS]
    assert not any(one.cures for one in report.findings)


async def test_nobody_is_asked_but_ourselves_and_councils_that_we_are_linked_up_with(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        await at.examined()

    strangers = [r.url for r in at.ways.asked if not r.url.startswith((f"{at.settings.url}/", f"{HARBOUR}/"))]
    assert strangers == []
