"""The topology of `compose/region` as processes: three servers behind a proxy that ends TLS, with a certificate authority of
their own, speaking to each other over https by name.
"""

import re
import signal
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from node.demo.asking import JSON
from node.demo.checking import wait_for
from node.demo.ports import LOOPBACK, claim_ports
from tests.cluster.commands import data, relation
from tests.cluster.loopback_names import COUNCILS, names_for
from tests.cluster.tls_front import Front, listening, standing
from tests.cluster.tls_region import (
    SOON,
    STARTS_WITHIN,
    STOPS_WITHIN,
    Council,
    Region,
    is_ready,
    link,
    restart,
)

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def region(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Region]:
    folder = tmp_path_factory.mktemp("tls")
    authorities = {name: trustme.CA() for name in ("ca", "other-ca")}
    for name, authority in authorities.items():
        authority.cert_pem.write_to_path(str(folder / f"{name}.pem"))
    ca = folder / "ca.pem"
    with claim_ports((8131, 8132, 8133)) as claims, listening(len(COUNCILS)) as sockets:
        names = names_for(folder, [one.getsockname()[1] for one in sockets])
        listed = [word for authority in names.authorities for word in ("--plain-host", authority)]
        councils = {
            name: Council(folder / name, authority, port, names, ca)
            for name, authority, port in zip(COUNCILS, names.authorities, claims.ports, strict=True)
        }
        councils["hillside"].ca = folder / "other-ca.pem"
        front = Front(authorities["ca"], sockets, {one.authority: one.port for one in councils.values()})
        for name, one in councils.items():
            words = ("--name", name.capitalize(), "--url", one.url, "--port", one.port, "--keeper", "Rosa", *listed)
            one.sign_in = data("init", one.directory, *words)["sign_in"]
        try:
            with standing(front):
                for one in councils.values():
                    one.start()
                built = Region(councils, front, ca, folder / "other-ca.pem", names)
                for name in councils:
                    wait_for(lambda name=name: is_ready(built, name), f"{name} is ready", within=STARTS_WITHIN)
                yield built
        finally:
            for one in councils.values():
                if one.process is not None and one.process.poll() is None:
                    one.process.terminate()
            for one in councils.values():
                if one.process is not None:
                    one.process.wait(STOPS_WITHIN)


@pytest.fixture(scope="module")
def linked(region: Region) -> Region:
    riverside, harbour = region.councils["riverside"], region.councils["harbour"]
    done = link(riverside, harbour)
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

    again = link(riverside, harbour)

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
    restart(region, hillside, ca=region.ca)

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


def _plain(log: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", log)


def test_which_names_were_used_is_said(region: Region, record_property: Any) -> None:
    record_property("names", region.names.how)
    sys.stdout.write(f"names by {region.names.how}: {', '.join(region.names.authorities)}\n")

    assert len({urlsplit(one.url).netloc for one in region.councils.values()}) == len(COUNCILS)
