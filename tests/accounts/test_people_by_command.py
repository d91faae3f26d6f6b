"""People, links, invites and the turn by command: the same actions and the same refusals as on the pages."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from federation.tables import table_of
from node.accounts import actions, invites
from node.accounts.tables import Turn
from node.cli.main import application
from node.database import Store

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def comarca(*words: object, exit_code: int = 0) -> Any:
    ran = CliRunner().invoke(application, [*(str(word) for word in words), "--json"])
    assert ran.exit_code == exit_code, ran.output
    return json.loads(ran.stdout)


@pytest.fixture
def council(tmp_path: Path) -> Path:
    folder = tmp_path / "one"
    comarca("init", folder, "--name", "One", "--url", "https://one.example", "--keeper", "Amina")
    return folder


def let_turns_end(folder: Path) -> None:
    turns = table_of(Turn)
    store = Store.open(folder / "comarca.db")
    store.write_now(
        lambda c: c.execute(turns.update().values(starts_at=LONG_AGO, ends_at=LONG_AGO + timedelta(weeks=13)))
    )
    store.close()


def reading(folder: Path, query: Any) -> Any:
    store = Store.open(folder / "comarca.db")
    try:
        with store.reading() as connection:
            return query(connection)
    finally:
        store.close()


def test_people_are_listed_by_number_with_who_has_the_turn(council: Path) -> None:
    comarca("sign-in-link", council, "--name", "Bo")

    assert comarca("people", "list", council)["people"] == [
        {"number": 1, "name": "Amina", "turn": "server turn"},
        {"number": 2, "name": "Bo", "turn": None},
    ]


def test_a_lost_phone_is_signed_out_and_let_in_again_by_number(council: Path) -> None:
    made = comarca("sign-in-link", council, "--name", "Bo")

    ended = comarca("people", "end", council, 2, "--only-sign-ins")
    again = comarca("sign-in-link", council, "--to", 2)

    now = datetime.now(UTC)  # noqa: TID251  the commands use the system's clock
    good = [
        reading(council, lambda c, one=one: actions.is_open(c, token=one["sign_in"].rpartition("/")[2], now=now))
        for one in (made, again)
    ]
    assert (made["number"], again["number"], ended["sessions_ended"]) == (2, 2, 0)
    assert good == [False, True]
    assert comarca("sign-in-link", council, "--to", 9, exit_code=2)["error"] == "not-found"
    assert comarca("sign-in-link", council, "--to", 2, "--name", "X", exit_code=2)["error"] == "wrong-use"


def test_an_account_is_ended_and_the_only_keepers_is_not(council: Path) -> None:
    comarca("sign-in-link", council, "--name", "Bo")

    refused = comarca("people", "end", council, 1, exit_code=2)
    comarca("people", "end", council, 2)

    assert refused["error"] == "hand-over-first"
    assert [one["number"] for one in comarca("people", "list", council)["people"]] == [1]
    assert comarca("people", "end", council, 2, exit_code=2)["error"] == "not-found"


def test_an_invite_link_is_printed_and_good(council: Path) -> None:
    made = comarca("invite", council, "--uses", 3, "--days", 7)

    now = datetime.now(UTC)  # noqa: TID251  the commands use the system's clock
    code = made["invite"].removeprefix("https://one.example/join/")
    assert re.fullmatch(r"([a-z2-7]{4}-){5}[a-z2-7]{4}", code)
    assert reading(council, lambda c: invites.look(c, code=code, now=now)) is not None
    assert comarca("invite", council, "--uses", 0, exit_code=2)["error"] == "uses"


def test_the_turn_is_shown_and_handed_over(council: Path) -> None:
    comarca("sign-in-link", council, "--name", "Bo")

    before = comarca("turn", council)
    comarca("hand-over", council, "--to", 2)
    after = comarca("turn", council)

    assert [one["holder"] for one in before["turns"]] == [1]
    assert [one["holder"] for one in after["turns"]] == [2]


def test_with_overlap_both_have_it(council: Path) -> None:
    comarca("sign-in-link", council, "--name", "Bo")

    comarca("hand-over", council, "--to", 2, "--overlap")

    assert sorted(one["holder"] for one in comarca("turn", council)["turns"]) == [1, 2]


def test_once_the_turn_has_ended_commands_say_what_to_type_and_that_helps(council: Path) -> None:
    comarca("sign-in-link", council, "--name", "Bo")
    let_turns_end(council)

    refused = comarca("invite", council, exit_code=2)
    shown = comarca("turn", council)
    comarca("hand-over", council, "--to", 2)

    assert refused["error"] == "turn-ended" and f"comarca hand-over {council} --to NUMBER" in refused["detail"]
    assert shown["held"] is False
    assert comarca("invite", council)["uses"] == 8


def test_who_is_alone_takes_an_ended_turn_again_by_command(council: Path) -> None:
    let_turns_end(council)

    comarca("hand-over", council, "--to", 1)

    assert comarca("turn", council)["held"] is True


def test_whoever_has_the_folder_makes_a_first_keeper_where_nobody_is_left(council: Path) -> None:
    comarca("people", "end", council, 1, exit_code=2)
    store = Store.open(council / "comarca.db")
    store.write_now(lambda c: c.execute(table_of(Turn).delete()))
    store.close()

    nobody = comarca("sign-in-link", council, "--name", "Bo", exit_code=2)
    first = comarca("sign-in-link", council, "--name", "Bo", "--keeper")

    assert nobody["error"] == "no-keeper"
    assert comarca("turn", council)["turns"][0]["holder"] == first["number"]
