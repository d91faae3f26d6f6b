"""The store among processes: two that write to one file, one that is killed, one whose disk refuses to grow."""

import asyncio
import json
import subprocess
import sys
import textwrap
from pathlib import Path

from node.database import Store
from tests.node.notes import PATIENCE, add, texts_on_disk

ROOT = Path(__file__).parents[2]


def start(program: str, *arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", textwrap.dedent(program), *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process: "subprocess.Popen[str]") -> str:
    out, errors = process.communicate(timeout=6 * PATIENCE)
    assert process.returncode == 0, errors
    return out


WRITE_200 = """
    import sys
    from pathlib import Path
    from node.database import Store
    from tests.node.notes import add
    store = Store.open(Path(sys.argv[1]))
    for n in range(200):
        store.write_now(lambda connection: add(connection, f"theirs {n}"))
    store.close()
"""


async def test_two_processes_write_to_one_file_and_each_hears_of_the_other(store: Store, path: Path) -> None:
    before = await store.data_version()
    process = start(WRITE_200, path)

    for n in range(200):
        await store.write(lambda connection, n=n: add(connection, f"ours {n}"))
    await asyncio.to_thread(finish, process)

    assert sorted(texts_on_disk(path)) == sorted(
        [f"ours {n}" for n in range(200)] + [f"theirs {n}" for n in range(200)]
    )
    assert await store.data_version() != before


WRITE_UNTIL_KILLED = """
    import itertools, sys
    from pathlib import Path
    from node.database import Store
    from tests.node.notes import add
    store = Store.open(Path(sys.argv[1]))
    for n in itertools.count():
        print(store.write_now(lambda connection: add(connection, f"note {n}")), flush=True)
"""


def test_a_killed_process_has_lost_nothing_that_it_acknowledged(store: Store, path: Path) -> None:
    process = start(WRITE_UNTIL_KILLED, path)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(50)]

    process.kill()
    acknowledged += [line.strip() for line in process.stdout if line.endswith("\n")]
    process.communicate()

    assert all(acknowledged)
    assert set(acknowledged) <= set(texts_on_disk(path))


REFUSE_TO_GROW = """
    import asyncio, json, resource, sys
    from pathlib import Path
    from node.database import Store
    from tests.node.notes import add, add_all

    async def main(store, log):
        _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 10_000, most))
        steps = [store.write(lambda c, n=n: add(c, f"note {n} " + "x" * 5_000)) for n in range(5)]
        items = [store.gather(add_all, f"item {n} " + "x" * 5_000) for n in range(5)]
        outcomes = await asyncio.gather(*steps, *items, return_exceptions=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
        await store.write(lambda c: add(c, "afterwards"))
        return [type(outcome).__mro__[-4].__name__ for outcome in outcomes]

    store = Store.open(Path(sys.argv[1]))
    store.write_now(lambda c: add(c, "before"))
    print(json.dumps(asyncio.run(main(store, Path(sys.argv[1] + "-wal")))))
    store.close()
"""


def test_a_disk_that_refuses_to_grow_is_an_error_for_all_and_loses_nothing_from_before(
    store: Store, path: Path
) -> None:
    outcomes = json.loads(finish(start(REFUSE_TO_GROW, path)))

    assert outcomes == ["StoreFault"] * 10
    assert texts_on_disk(path) == ["before", "afterwards"]
