"""The demo as somebody tries it out: it comes up, says where and how to sign in, and leaves nothing running behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from node.demo.asking import Visitor
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import Server, command

pytestmark = pytest.mark.cluster


@contextmanager
def demo(*words: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command("demo", *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def children_of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def first_object(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    facts: dict[str, Any] = json.loads(process.stdout.readline())
    return facts


def until_it_waits(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Stop with"):
            break
    return said


def test_three_councils_know_each_other_their_links_sign_in_and_ctrl_c_leaves_nothing_behind() -> None:
    with demo("--json") as process:
        facts = first_object(process)
        children = children_of(process.pid)
        assert len(children) == 3
        assert [one["name"] for one in facts["councils"]] == ["Riverside", "Harbour", "Hillside"]
        for one in facts["councils"]:
            visitor = Visitor(one["url"])
            assert visitor.fill_in(urlsplit(one["sign_in"]).path, {}, action="/in").status == 303
            assert visitor.get("/put-up/offer").status == 200
            linked = visitor.data("/councils.json")["councils"]
            assert [council["state"] for council in linked] == ["accepted", "accepted"]
            slips = visitor.data("/wall.json")["slips"]
            assert len([slip for slip in slips if slip["url"].startswith(f"{one['url']}/o/")]) == one["records"]

        process.send_signal(signal.SIGINT)
        said, complaints = process.communicate(timeout=20)

    assert (process.returncode, said, complaints) == (0, "", "")
    assert all(is_gone(child) for child in children)
    assert not Path(facts["folder"]).exists()


def test_a_person_is_told_where_to_go_and_how_to_stop_and_may_keep_the_folders(tmp_path: Path) -> None:
    with demo("--keep", str(tmp_path / "kept")) as process:
        said = until_it_waits(process)
        children = children_of(process.pid)

        process.send_signal(signal.SIGTERM)
        rest, complaints = process.communicate(timeout=20)

    for words in ("Riverside", "Harbour", "Hillside", "/in/", "0 waiting", "/put-up/offer", "/around", "six words"):
        assert words in said
    first = re.search(r"http://\S+", said)
    assert first is not None and re.search(rf"Start here +{re.escape(first.group())} ", said)
    assert said.endswith("Stop with Ctrl-C.\n")
    assert (process.returncode, rest, complaints) == (0, "Stopped.\n", "")
    assert all(is_gone(child) for child in children)
    assert sorted(path.name for path in (tmp_path / "kept").iterdir()) == ["harbour", "hillside", "riverside"]


def test_its_servers_end_with_it_even_when_it_is_killed(tmp_path: Path) -> None:
    with demo("--json", "--keep", str(tmp_path / "kept")) as process:
        first_object(process)
        children = children_of(process.pid)

        process.kill()
        process.communicate(timeout=20)

        wait_for(lambda: all(is_gone(child) for child in children), "the servers are gone", within=10)


def test_a_server_that_ends_by_itself_ends_the_demo_with_what_it_said() -> None:
    with demo("--json") as process:
        facts = first_object(process)
        os.kill(children_of(process.pid)[1], signal.SIGKILL)

        _, complaints = process.communicate(timeout=20)

    assert process.returncode == 1
    assert "the server of Harbour has ended" in complaints
    assert not Path(facts["folder"]).exists()


def test_a_folder_that_is_taken_is_refused_with_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "riverside").mkdir()
    (tmp_path / "riverside" / "comarca.toml").write_text('name = "Ours"\n')

    with demo("--keep", str(tmp_path)) as process:
        _, complaints = process.communicate(timeout=20)

    assert process.returncode == 2
    assert "is there already" in complaints
    assert "Traceback" not in complaints


def test_busy_ports_are_left_alone() -> None:
    with socket.socket() as busy:
        busy.bind((LOOPBACK, 0))
        busy.listen()
        taken = busy.getsockname()[1]

        with claim_ports((taken, taken + 1, taken + 2)) as claims:
            assert taken not in claims.ports
            assert len(set(claims.ports)) == 3


def test_two_demos_at_once_do_not_choose_the_same_ports() -> None:
    with claim_ports() as first:
        with claim_ports(first.ports) as second:
            assert not set(first.ports) & set(second.ports)

    with claim_ports(first.ports) as again:
        assert again.ports == first.ports


def test_a_server_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    server = Server(tmp_path, "http://127.0.0.1:9")

    server.start()

    with pytest.raises(Exception, match="There is no council in"):
        server.wait_until_answering()
    assert not server.running


def test_the_command_line_beside_this_python_is_the_one_that_is_used() -> None:
    ran = subprocess.run(command("--help"), capture_output=True, text=True, check=False)

    assert command("x")[0] == sys.executable
    assert ran.returncode == 0
    assert "serve" in ran.stdout
