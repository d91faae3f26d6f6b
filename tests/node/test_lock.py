"""One server for one folder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from node.database import AlreadyServed, hold_lock

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from pathlib import Path
from node.database import hold_lock
with hold_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_server_is_refused_and_told_who_serves(tmp_path: Path) -> None:
    with hold_lock(tmp_path):
        with pytest.raises(AlreadyServed, match=str(os.getpid())) as refusal, hold_lock(tmp_path):
            pass

    assert refusal.value.pid == os.getpid()


def test_the_lock_can_be_taken_again_when_it_was_given_back(tmp_path: Path) -> None:
    with hold_lock(tmp_path):
        pass

    with hold_lock(tmp_path):
        assert (tmp_path / "node.lock").read_text() == f"{os.getpid()}\n"


def test_the_lock_of_a_killed_server_is_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(AlreadyServed) as refusal, hold_lock(tmp_path):
        pass

    process.kill()
    process.communicate()

    assert refusal.value.pid == process.pid
    with hold_lock(tmp_path):
        pass


def test_a_refusal_while_the_block_raises_still_gives_the_lock_back(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), hold_lock(tmp_path):
        raise ZeroDivisionError

    with hold_lock(tmp_path):
        pass
