"""Linking up without a command line: an address, six words, the question, and the other side's yes, on two running servers."""

import html
import re
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from node.demo.asking import Reply, Visitor
from node.demo.checking import wait_for
from node.demo.councils import DemoCouncil, made_councils
from node.demo.ports import claim_ports
from node.demo.processes import stop_all

pytestmark = pytest.mark.cluster

SOON = 10.0


@pytest.fixture(scope="module")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DemoCouncil, DemoCouncil]]:
    with ExitStack() as closing:
        claims = closing.enter_context(claim_ports((8151, 8152, 8153)))
        riverside, harbour, _ = closing.enter_context(made_councils(tmp_path_factory.mktemp("met"), claims.ports))
        servers = [riverside.server, harbour.server]
        closing.callback(stop_all, servers)
        for server in servers:
            server.start()
        for server in servers:
            server.wait_until_answering()
        yield riverside, harbour


def keeper_of(one: DemoCouncil) -> Visitor:
    visitor = Visitor(one.url)
    visitor.submit("/in", {"code": one.sign_in_link(keeper=True).rpartition("/")[2]})
    return visitor


def six(page: str) -> list[str]:
    shown = page[page.index('<ol class="six"') :]
    return re.findall(r"<li>([a-z]+)</li>", shown[: shown.index("</ol>")])


def hidden(reply: Reply) -> dict[str, str]:
    """The fields that go along with the question, with the seal of the form."""
    form = reply.text[reply.text.index('action="/councils/ask"') :]
    found = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', form[: form.index("</form>")])
    return {name: html.unescape(value) for name, value in found}


def test_two_keepers_link_up_by_pages_alone(strangers: tuple[DemoCouncil, DemoCouncil]) -> None:
    riverside, harbour = strangers
    rosa, joaquin = keeper_of(riverside), keeper_of(harbour)

    shown = rosa.fill_in("/councils/ask", {"address": harbour.url}, action="/councils/look")
    theirs = joaquin.fill_in("/councils/ask", {"address": riverside.url}, action="/councils/look")
    nothing_yet = joaquin.data("/councils.json")["councils"]
    other_key = rosa.submit("/councils/ask", hidden(shown) | {"key": hidden(theirs)["key"]})
    asked = rosa.submit("/councils/ask", hidden(shown))
    wait_for(lambda: joaquin.data("/councils.json")["councils"], "Harbour is asked", within=SOON)
    page = joaquin.get("/councils").text
    accepted = joaquin.fill_in("/councils", {}, action="/councils/accept")

    assert (shown.status, theirs.status, asked.status, accepted.status) == (200, 200, 303, 303)
    assert six(shown.text) == six(theirs.text) == six(page) and len(six(page)) == 6
    assert nothing_yet == [], "nothing is sent before the words are compared"
    assert other_key.status == 422 and "Compare the words again" in other_key.text
    wait_for(
        lambda: [one["state"] for one in rosa.data("/councils.json")["councils"]] == ["accepted"], "linked", within=SOON
    )
    put_up = rosa.fill_in("/put-up/offer", {"title": "A kettle for the phone calls", "audience": "public"})
    wait_for(
        lambda: joaquin.data("/region/availability", text="kettle")["items"], "Harbour listens at once", within=SOON
    )
    assert put_up.status == 303
    again = rosa.submit("/councils/ask", hidden(shown))
    assert again.status == 422 and "linked up with Harbour already" in again.text
