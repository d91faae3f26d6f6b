"""The blocks that the doctor prints are those that the documentation and compose have: one text, one truth."""

import re

import pytest

from node.doctor import proxy
from node.doctor.finding import Cure
from node.doctor.proxy import block
from tests.docs.reading import blocks, text_of

URL, UPSTREAM = "https://riverside.example", "127.0.0.1:8080"
FAULTS = {
    name: value
    for name, value in vars(proxy).items()
    if isinstance(value, tuple) and all(isinstance(one, Cure) for one in value)
}


def lines(text: str) -> list[str]:
    """What counts: no comments, no empty lines, no indent."""
    return [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]


def test_the_block_for_nginx_is_the_one_in_the_documentation() -> None:
    told = [lines(one) for one in blocks(text_of("docs/install.md")) if "proxy_pass" in one]

    assert told == [lines(block("nginx", url=URL, upstream=UPSTREAM))]


def test_the_block_for_caddy_is_the_one_that_compose_uses() -> None:
    # {$NAME:default} is a variable with its default, {$NAME} one that stands empty.
    text = re.sub(r"\{\$\w+:([^}]*)\}", r"\1", text_of("compose/one-node/Caddyfile"))
    used = lines(re.sub(r"\{\$\w+\}", "", text))

    assert used == lines(block("caddy", url=URL, upstream=UPSTREAM))


def test_the_name_and_the_place_behind_are_those_of_the_council() -> None:
    for name in ("nginx", "caddy"):
        text = block(name, url="https://harbour.example", upstream="127.0.0.1:9000")
        assert "harbour.example" in text
        assert "127.0.0.1:9000" in text
        assert "riverside" not in text


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_every_fault_of_a_proxy_has_a_line_for_each_of_the_two(fault: str) -> None:
    assert [cure.words for cure in FAULTS[fault]] == ["nginx", "Caddy"]
    assert all(cure.code for cure in FAULTS[fault])


@pytest.mark.parametrize("fault", ["ACCEPT", "HOST", "BODY", "STREAMS"])
def test_the_lines_of_a_cure_stand_in_the_block_for_nginx(fault: str) -> None:
    directive = FAULTS[fault][0].code.partition(";")[0]

    assert f"{directive};" in block("nginx", url=URL, upstream=UPSTREAM)
