"""The topology of `compose/region` as processes: three servers behind a proxy that ends TLS, with a certificate authority of
their own, speaking to each other over https by name.
"""

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import trustme

from node.demo.asking import JSON, PAGE, Reply
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from node.demo.processes import command
from node.settings import PREFIX
from tests.cluster.commands import Council as Known
from tests.cluster.commands import data, relation
from tests.cluster.loopback_names import COUNCILS, Names, names_for
from tests.cluster.tls_front import Front, standing
from tests.docs.reading import ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("tls")]

SOON, STARTS_WITHIN, STOPS_WITHIN = 15.0, 40.0, 10.0
IMPATIENT = {"FEDERATION__CONTACT_EVERY": "1", "FEDERATION__BACKOFF_FIRST": "0.2"}


@dataclass
class Council:
    """One folder and its server process. `ca` is the file of authorities that it trusts."""

    directory: Path
    authority: str
    port: int
    names: Names
    ca: Path
    sign_in: str = ""
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def url(self) -> str:
        return f"https://{self.authority}"

    @property
    def known(self) -> Known:
        return Known(str(self.directory), self.url, self.sign_in)

    def environment(self, ca: Path) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "SSL_CERT"))}
        return kept | {PREFIX + name: value for name, value in IMPATIENT.items()} | {"SSL_CERT_FILE": str(ca)}

    def start(self) -> None:
        with (self.directory / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*self.names.prefix, *command("serve", str(self.directory))],
                env=self.environment(self.ca),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def say(self, *words: object, ca: Path | None = None) -> tuple[int, Any]:
        """A command that speaks to other councils: its exit code, and what it tells a program."""
        given = [*self.names.prefix, *command(*map(str, words), "--json")]
        done = subprocess.run(
            given, env=self.environment(ca or self.ca), capture_output=True, text=True, check=False, timeout=30
        )
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)

    def log(self) -> str:
        return (self.directory / "server.log").read_text("utf-8", "replace")


@dataclass
class Region:
    councils: dict[str, Council]
    front: Front
    ca: Path
    other_ca: Path
    names: Names

    def ask(
        self,
        council: str,
        path: str,
        *,
        accept: str = PAGE,
        cookie: str = "",
        form: dict[str, str] | None = None,
        ca: Path | None = None,
        name: str | None = None,
    ) -> Reply:
        """One request through the proxy, as a browser sends it. Raises ssl.SSLError where the certificate is no good."""
        host, _, port = self.councils[council].authority.rpartition(":")
        context = ssl.create_default_context(cafile=ca or self.ca)
        raw = socket.create_connection((LOOPBACK, int(port)), timeout=10)
        with closing(context.wrap_socket(raw, server_hostname=name or host)) as secured:
            connection = http.client.HTTPConnection(host, int(port))
            connection.sock = secured
            headers = {"Accept": accept} | ({"Cookie": cookie} if cookie else {})
            body = None
            if form is not None:
                body = urlencode(form)
                headers["Content-Type"] = "application/x-www-form-urlencoded"
                headers |= {"Origin": self.councils[council].url, "Sec-Fetch-Site": "same-origin"}
            connection.request("GET" if form is None else "POST", path, body, headers)
            answer = connection.getresponse()
            return Reply(answer.status, {n.lower(): v for n, v in answer.getheaders()}, answer.read())


def _free_ports(count: int) -> tuple[int, ...]:
    with claim_ports(tuple(range(8441, 8441 + count))) as claims:
        return claims.ports


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("tls")
    authorities = {name: trustme.CA() for name in ("ca", "other-ca")}
    for name, authority in authorities.items():
        authority.cert_pem.write_to_path(str(folder / f"{name}.pem"))
    ca, names = folder / "ca.pem", names_for(folder, _free_ports)
    listed = [word for authority in names.authorities for word in ("--plain-host", authority)]
    with claim_ports((8131, 8132, 8133)) as claims:
        councils = {
            name: Council(folder / name, authority, port, names, ca)
            for name, authority, port in zip(COUNCILS, names.authorities, claims.ports, strict=True)
        }
        councils["hillside"].ca = folder / "other-ca.pem"
        front = Front(authorities["ca"], {one.authority: one.port for one in councils.values()})
        for name, one in councils.items():
            words = ("--name", name.capitalize(), "--url", one.url, "--port", one.port, "--keeper", "Rosa", *listed)
            one.sign_in = data("init", one.directory, *words)["sign_in"]
        try:
            with standing(front):
                for one in councils.values():
                    one.start()
                built = Region(councils, front, ca, folder / "other-ca.pem", names)
                for name in councils:
                    wait_for(lambda name=name: _is_ready(built, name), f"{name} is ready", within=STARTS_WITHIN)
                yield built
        finally:
            for one in councils.values():
                if one.process is not None and one.process.poll() is None:
                    one.process.terminate()
            for one in councils.values():
                if one.process is not None:
                    one.process.wait(STOPS_WITHIN)


def _link(asking: Council, asked: Council) -> subprocess.CompletedProcess[str]:
    """The program that `compose/region` links its councils up with: `comarca peers add`, then `accept` by the other."""
    words = ("sh", ROOT / "compose/region/link.sh", asking.directory, asking.url, asked.directory, asked.url)
    environment = asking.environment(asking.ca)
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    given = [*asking.names.prefix, *map(str, words)]
    return subprocess.run(given, env=environment, capture_output=True, text=True, check=False, timeout=90)


def _is_ready(region: Region, name: str) -> bool:
    council = region.councils[name]
    assert council.process is not None and council.process.poll() is None, council.log()
    try:
        return region.ask(name, "/readyz", accept=JSON).status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def linked(region: Region) -> Region:
    riverside, harbour = region.councils["riverside"], region.councils["harbour"]
    done = _link(riverside, harbour)
    assert done.returncode == 0, done.stdout + done.stderr
    wait_for(lambda: relation(riverside.known, harbour.known) == "accepted", "both have accepted", within=SOON)
    return region


def test_each_name_leads_to_its_own_council(region: Region) -> None:
    for name, council in region.councils.items():
        actor = region.ask(name, "/council", accept="application/activity+json")

        assert actor.headers["content-type"].startswith("application/activity+json")
        assert (actor.json()["id"], actor.json()["name"]) == (f"{council.url}/council", name.capitalize())
        finger = region.ask(name, f"/.well-known/webfinger?resource=acct:council@{council.authority}", accept=JSON)
        assert finger.status == 200, finger.text
        assert f"{council.url}/council" in finger.text


def test_one_offer_travels_over_https_and_is_read_at_the_other(linked: Region) -> None:
    riverside, harbour = linked.councils["riverside"], linked.councils["harbour"]
    before = linked.front.seen[harbour.authority]

    offer = data("offer", riverside.directory, "Ten folding chairs", "--audience", "public", "--until", "week")

    wait_for(lambda: "Ten folding chairs" in linked.ask("harbour", "/around").text, "it is there", within=SOON)
    assert offer["id"].startswith(f"{riverside.url}/o/")
    held = data("show", harbour.directory, offer["id"])
    assert (held["source"], held["proof"]["state"]) == (f"{riverside.url}/council", "verified")
    assert linked.front.seen[harbour.authority] > before
    assert "Ten folding chairs" not in linked.ask("hillside", "/around").text


def test_linking_up_again_changes_nothing(linked: Region) -> None:
    riverside, harbour = linked.councils["riverside"], linked.councils["harbour"]
    before = data("peers", "list", harbour.directory)["peers"]

    again = _link(riverside, harbour)

    assert again.returncode == 0, again.stdout + again.stderr
    after = data("peers", "list", harbour.directory)["peers"]
    assert [(one["url"], one["state"]) for one in after] == [(one["url"], one["state"]) for one in before]


def test_the_sign_in_cookie_is_for_this_host_alone_and_for_https(region: Region) -> None:
    council = region.councils["riverside"]
    assert council.sign_in.startswith(f"{council.url}/in")

    code = re.split(r"[/#]", council.sign_in)[-1]
    signed_in = region.ask("riverside", "/in", form={"code": code})

    assert signed_in.status == 303, signed_in.text
    cookie, *attributes = (part.strip() for part in signed_in.headers["set-cookie"].split(";"))
    assert cookie.startswith("__Host-")
    said = {attribute.lower() for attribute in attributes}
    assert {"secure", "httponly", "path=/", "samesite=lax"} <= said
    assert not [attribute for attribute in said if attribute.startswith("domain")]
    wall = region.ask("riverside", "/", cookie=cookie)
    assert wall.status == 200
    assert wall.headers["cache-control"] == "private, no-store"
    elsewhere = region.ask("riverside", "/", cookie=cookie.replace("__Host-", ""))
    assert elsewhere.headers["content-length"] != wall.headers["content-length"]


def test_browsers_are_told_to_keep_to_https(region: Region) -> None:
    for name in region.councils:
        wall = region.ask(name, "/")

        assert wall.status == 200
        assert re.fullmatch(r"max-age=\d{8}", wall.headers["strict-transport-security"])
        assert "default-src 'none'" in wall.headers["content-security-policy"]
        assert "http://" not in wall.text


def test_a_council_whose_authority_we_do_not_trust_is_not_listened_to(region: Region) -> None:
    hillside, harbour = region.councils["hillside"], region.councils["harbour"]
    words = ("peers", "add", hillside.directory, harbour.url)

    refused, why = hillside.say(*words, ca=region.other_ca)
    taken, facts = hillside.say(*words, ca=region.ca)

    assert (refused, why["error"]) == (1, "certificate")
    assert (taken, len(facts["words"])) == (0, 6)
    with pytest.raises(ssl.SSLCertVerificationError):
        region.ask("harbour", "/", ca=region.other_ca)


def test_a_server_that_trusts_another_authority_delivers_nothing_until_it_trusts_ours(region: Region) -> None:
    """The same message waits while certificates are not good, and goes once they are: no trust on first use."""
    hillside, harbour = region.councils["hillside"], region.councils["harbour"]
    assert hillside.ca == region.other_ca
    code, _ = hillside.say("peers", "add", hillside.directory, harbour.url, "--yes", ca=region.ca)
    assert code == 0

    wait_for(lambda: "because=certificate" in _plain(hillside.log()), "it says why", within=SOON)
    assert relation(harbour.known, hillside.known) is None
    _restart(region, hillside, ca=region.ca)

    wait_for(lambda: relation(harbour.known, hillside.known) == "they-asked", "harbour is asked", within=SOON)


@pytest.mark.parametrize("name", ["", "nobody.localhost"])
def test_a_name_that_nobody_serves_gets_no_certificate(region: Region, name: str) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        region.ask("riverside", "/", name=name or "unknown.example")


def test_being_told_to_end_ends_each_server_well(linked: Region) -> None:
    """Last: SIGTERM, as systemd and containers send it."""
    processes = [council.process for council in linked.councils.values() if council.process is not None]
    for process in processes:
        process.send_signal(signal.SIGTERM)

    codes = [process.wait(STOPS_WITHIN) for process in processes]

    assert codes == [0, 0, 0]
    for council in linked.councils.values():
        assert "Traceback" not in council.log()
        with closing(socket.socket()) as probe:
            assert probe.connect_ex((LOOPBACK, council.port)) != 0
        assert not list(council.directory.glob("*.db-wal")) or data("status", council.directory)["running"] is False


def _restart(region: Region, council: Council, *, ca: Path) -> None:
    assert council.process is not None
    council.process.terminate()
    council.process.wait(STOPS_WITHIN)
    council.ca = ca
    council.start()
    wait_for(lambda: _is_ready(region, council.directory.name), "it is there again", within=STARTS_WITHIN)


def _plain(log: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", log)


def test_which_names_were_used_is_said(region: Region, record_property: Any) -> None:
    record_property("names", region.names.how)
    sys.stdout.write(f"names by {region.names.how}: {', '.join(region.names.authorities)}\n")

    assert len({urlsplit(one.url).netloc for one in region.councils.values()}) == len(COUNCILS)
