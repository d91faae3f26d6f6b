"""Every command, option and make target that the documentation names exists, and every one that exists is named."""

import re
import shlex
from typing import Any

import pytest
import typer

from node.cli.main import application
from tests.docs.reading import FILES, NAMES, ROOT, code, text_of

COMMAND_LINE = typer.main.get_command(application)
GUIDES = ("README.md", "docs/keepers.md")


def _every_command(group: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    inner = getattr(group, "commands", None)
    if inner is None:
        return {path: group}
    return {found: one for name, part in inner.items() for found, one in _every_command(part, (*path, name)).items()}


COMMANDS = _every_command(COMMAND_LINE)
GROUPS = {path[:1] for path in COMMANDS if len(path) > 1}


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts if option.startswith("--")} | {"--help"}


def _typed(text: str) -> list[list[str]]:
    """What a reader is told to type after `comarca`, as words; also behind sudo and docker."""
    found = []
    for line in code(text):
        match = re.match(r"(?:sudo -u \w+ |docker compose exec node )?comarca ([a-z].*)$", line)
        container = re.match(r"docker compose run --rm node (.*)$", line)
        if match or container:
            found.append(shlex.split((match or container)[1], comments=True))  # type: ignore[index]
    return found


def _command_of(words: list[str]) -> tuple[tuple[str, ...], Any | None]:
    path = tuple(words[:2]) if tuple(words[:1]) in GROUPS else tuple(words[:1])
    return path, COMMANDS.get(path)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_that_is_named_exists(name: str) -> None:
    for words in _typed(text_of(name)):
        if tuple(words) in GROUPS:
            continue
        path, command = _command_of([word.rstrip(",") for word in words])
        assert command is not None, f"{name}: there is no comarca {' '.join(path)}"
        unknown = {word for word in words if word.startswith("--")} - _options(command)
        assert not unknown, f"{name}: comarca {' '.join(path)} has no {unknown}"


def test_an_invented_command_and_an_invented_option_would_be_noticed() -> None:
    assert _command_of(shlex.split("peers befriend DIR"))[1] is None
    _, serve = _command_of(shlex.split("serve DIR --turbo"))
    assert serve is not None
    assert "--turbo" not in _options(serve)


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_every_command_is_told_to_those_who_run_a_node(path: tuple[str, ...]) -> None:
    told = "\n".join(text_of(name) for name in GUIDES)

    if len(path) == 1:
        assert re.search(rf"`?comarca {path[0]}\b", told)
    else:
        group, verb = path
        assert re.search(rf"comarca {group} {verb}\b|\| `comarca {group} [^|]*`{verb}`", told)


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_every_option_is_told_somewhere(path: tuple[str, ...]) -> None:
    told = "\n".join(text_of(name) for name in GUIDES)

    for option in _options(COMMANDS[path]) - {"--help"}:
        assert option in told, f"comarca {' '.join(path)} {option} is not told"


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_every_command_speaks_json(path: tuple[str, ...]) -> None:
    assert "--json" in _options(COMMANDS[path])


def _targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    for line in code(text_of(name)):
        match = re.match(r"make (?:[A-Z]+=\S+ )?([a-z]+)\b", line)
        if match:
            assert match[1] in _targets(), f"{name}: there is no make {match[1]}"


def test_every_make_target_is_told_to_those_who_work_on_it() -> None:
    told = text_of("CONTRIBUTING.md")

    for target in _targets():
        assert f"`make {target}`" in told


def test_the_two_commands_stand_on_the_first_screen() -> None:
    first_screen = text_of("README.md").splitlines()[:16]

    assert any(line.startswith("make demo") for line in first_screen)
    assert any(line.startswith("make test") for line in first_screen)
    assert any("docs/pictures/wall-1280.png" in line for line in first_screen)


@pytest.mark.parametrize("name", NAMES)
def test_every_module_that_one_is_told_to_run_exists(name: str) -> None:
    for module in re.findall(r"python -m ((?:node|tests|schemas)[\w.]*)", text_of(name)):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), f"{name}: {module}"


def test_there_is_documentation_to_read() -> None:
    assert len(FILES) > 10
