"""What a badly set up proxy, certificate or name does is found, and named with the line that mends it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import trustme

from federation.ports import OutgoingRequest
from node.doctor.finding import Report, State
from node.ports import SystemClock
from tests.doctor.bad_proxy import Faults
from tests.doctor.standing import NAME, standing

BROKEN, LOOK = State.BROKEN, State.LOOK


@dataclass(frozen=True)
class Case:
    """`wrong`: every check that is not good, with its state. `cure`: what stands in the cures of the check `named`."""

    title: str
    faults: Faults
    named: str
    wrong: dict[str, State]
    cure: tuple[str, ...]
    told: str = ""
    unasked: bool = field(default=False)


CASES = [
    Case(
        "drops Accept",
        Faults(drop=frozenset({"accept"})),
        "Actor",
        {"Actor": BROKEN},
        ("nginx: proxy_set_header Accept $http_accept;", "Caddy: "),
        "drops or changes",
    ),
    Case(
        "puts its own Host",
        Faults(put={"host": "127.0.0.1:8080"}),
        "Host",
        {"Host": BROKEN, "Signatures": BROKEN, "Inbox": BROKEN},
        ("nginx: proxy_set_header Host $http_host;", "Caddy: header_up Host {http.request.hostport}"),
        "Host arrives as 127.0.0.1:8080",
    ),
    Case(
        "rewrites the type of answers",
        Faults(answer={"content-type": "text/html"}),
        "Actor",
        {"Actor": BROKEN, "WebFinger": BROKEN},
        ("nginx: no `proxy_hide_header Content-Type`", "Caddy: no `header Content-Type"),
        "gives text/html to a server",
    ),
    Case(
        "rewrites the type of messages",
        Faults(put={"content-type": "application/json"}),
        "Signatures",
        {"Signatures": BROKEN, "Inbox": BROKEN},
        ("nginx: no `proxy_set_header Content-Type", "Caddy: reverse_proxy without `header_up Content-Type"),
        "content-type",
    ),
    Case(
        "strips Signature",
        Faults(drop=frozenset({"signature"})),
        "Inbox",
        {"Signatures": BROKEN, "Inbox": BROKEN},
        ("nginx: no `proxy_set_header Signature", "Caddy: reverse_proxy without `header_up -Signature`"),
        "no-signature",
    ),
    Case(
        "strips Digest",
        Faults(drop=frozenset({"digest"})),
        "Signatures",
        {"Signatures": BROKEN},
        ("Digest, Date, Content-Digest",),
        "digest",
    ),
    Case(
        "strips Content-Digest",
        Faults(drop=frozenset({"content-digest"})),
        "Inbox",
        {"Signatures": BROKEN, "Inbox": BROKEN},
        ("Digest, Date, Content-Digest",),
        "bad-signature",
    ),
    Case(
        "sets its own Date",
        Faults(put={"date": "Mon, 02 Mar 2026 09:00:00 GMT"}),
        "Signatures",
        {"Signatures": BROKEN, "Inbox": BROKEN},
        ("Digest, Date, Content-Digest",),
        "date",
    ),
    Case(
        "tidies paths",
        Faults(tidies_paths=True),
        "Path",
        {"Path": BROKEN, "Signatures": BROKEN},
        ("nginx: proxy_pass http://127.0.0.1:8080;  (no slash", "Caddy: reverse_proxy without `uri`"),
        "arrives as /api/here/",
    ),
    Case(
        "changes bodies",
        Faults(changes_bodies=True),
        "Signatures",
        {"Signatures": BROKEN},
        ("nginx: proxy_pass_request_body on;", "Caddy: "),
        "arrives changed",
    ),
    Case(
        "takes 100 kB at most",
        Faults(most=100_000),
        "Large",
        {"Large": BROKEN},
        ("nginx: client_max_body_size 1m;", "Caddy: request_body { max_size 1MiB }"),
        "413 text/html, and not by us",
    ),
    Case(
        "holds streams back",
        Faults(holds_back=True),
        "Streams",
        {"Streams": LOOK},
        ("nginx: proxy_buffering off;", "Caddy: flush_interval -1"),
        "holds it back",
    ),
    Case(
        "sends messages on to another address",
        Faults(sends_posts_on="https://www.riverside.example"),
        "Inbox",
        {"Inbox": BROKEN, "Signatures": BROKEN, "Large": BROKEN},
        ("nginx: no `return 301`", "Caddy: no `redir`"),
        "301",
    ),
    Case(
        "refuses messages",
        Faults(refuses_posts=True),
        "Inbox",
        {"Inbox": BROKEN, "Signatures": BROKEN, "Large": BROKEN},
        ("nginx: no `limit_except`", "Caddy: no `method` matcher"),
        "405",
    ),
    Case(
        "answers /.well-known/ by itself",
        Faults(own_well_known=True),
        "WebFinger",
        {"WebFinger": BROKEN},
        ("nginx: location ^~ /.well-known/acme-challenge/", "Caddy: no `handle /.well-known/*`"),
        "404",
    ),
    Case(
        "hides what keeps people safe",
        Faults(hide=frozenset({"content-security-policy"})),
        "Pages",
        {"Pages": LOOK},
        ("nginx: no `proxy_hide_header`", "Caddy: no `header`"),
        "Content-Security-Policy",
    ),
    Case(
        "rewrites where people are sent",
        Faults(answer={"location": "http://127.0.0.1:8080/"}),
        "Pages",
        {"Pages": BROKEN},
        ("nginx: proxy_redirect off;", "Caddy: no `header_down Location"),
        "sent on to http://127.0.0.1:8080/",
    ),
    Case(
        "answers with a page of its own",
        Faults(page=True),
        "Reach",
        {"Reach": BROKEN},
        ("nginx: proxy_pass http://127.0.0.1:", "Caddy: reverse_proxy 127.0.0.1:", "AAAA"),
        "something else answers: 200 text/html",
        unasked=True,
    ),
    Case(
        "sends everybody on",
        Faults(sends_on="https://www.riverside.example"),
        "Reach",
        {"Reach": BROKEN},
        ("nginx: no `return 301`", "comarca.toml"),
        "sent on to https://www.riverside.example",
        unasked=True,
    ),
    Case(
        "does not find the server behind it",
        Faults(status=502),
        "Reach",
        {"Reach": BROKEN},
        ("systemctl status comarca", "nginx: proxy_pass http://127.0.0.1:"),
        "502",
        unasked=True,
    ),
    Case(
        "goes round in a circle",
        Faults(status=508),
        "Reach",
        {"Reach": BROKEN},
        ("nginx: proxy_pass http://127.0.0.1:",),
        "508",
        unasked=True,
    ),
    Case(
        "asks for a password",
        Faults(status=401),
        "Reach",
        {"Reach": BROKEN},
        ("nginx: no `auth_basic`", "Caddy: no `basic_auth`"),
        "401",
        unasked=True,
    ),
]


def wrong_in(report: Report) -> dict[str, State]:
    return {one.name: one.state for one in report.findings if one.state is not State.GOOD}


def cures_in(report: Report, name: str) -> str:
    [finding] = [one for one in report.findings if one.name == name]
    return "\n".join(cure.line for cure in finding.cures)


def detail_in(report: Report, name: str) -> str:
    return next(one.detail for one in report.findings if one.name == name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
async def test_a_proxy_that_does_this_is_named_with_its_cure(tmp_path: Path, case: Case) -> None:
    async with standing(tmp_path, case.faults) as at:
        report = await at.examined()

    assert wrong_in(report) == case.wrong
    assert case.told in detail_in(report, case.named)
    for line in case.cure:
        assert line in cures_in(report, case.named)
    assert ("Inbox" in report.unasked) is case.unasked


async def test_a_proxy_that_keeps_answers_mixes_up_who_asked(tmp_path: Path) -> None:
    async with standing(tmp_path, Faults(keeps_answers=True)) as at:
        wanted = {"Accept": "application/activity+json"}
        await at.ways.send(OutgoingRequest("GET", f"{at.settings.url}/council", wanted, None))
        report = await at.examined()

    assert wrong_in(report)["Pages"] is BROKEN
    assert "nginx: no `proxy_cache`" in cures_in(report, "Pages")


async def test_a_slow_proxy_is_worth_a_look_and_one_that_never_answers_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.doctor.reach.SLOW_SECONDS", 0.2)
    monkeypatch.setattr("node.doctor.asking.REQUEST_SECONDS", 1.0)

    async with standing(tmp_path, Faults(slow=0.3)) as at:
        slow = await at.examined()
        at.proxy.faults.slow = 60.0
        never = await at.examined()

    assert wrong_in(slow)["Reach"] is LOOK
    assert "answers after" in detail_in(slow, "Reach")
    assert wrong_in(never) == {"Reach": BROKEN}
    assert "proxy_pass http://127.0.0.1:" in cures_in(never, "Reach")


async def test_a_second_server_behind_the_same_name_is_found(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "copy").mkdir()
    async with standing(tmp_path / "one") as at, standing(tmp_path / "copy") as copy:
        at.proxy.faults.second = copy.proxy.upstream
        sometimes = await at.examined()
        at.proxy.faults.second, at.proxy.upstream = None, copy.proxy.upstream
        always = await at.examined()

    for report in (sometimes, always):
        assert wrong_in(report)["Reach"] is BROKEN
        assert "another server" in detail_in(report, "Reach")
        assert "systemctl disable --now comarca" in cures_in(report, "Reach")


async def test_a_closed_port_is_named(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        at.listening.close()
        report = await at.examined()

    assert wrong_in(report) == {"Reach": BROKEN}
    assert "systemctl start caddy" in cures_in(report, "Reach")
    assert "ufw allow" in cures_in(report, "Reach")
    assert {"TLS", "Actor", "Inbox"} <= set(report.unasked)


CERTIFICATES = {
    "ended": ("the certificate ended on", "nginx: certbot renew"),
    "for another name": ("is for other.example, not for riverside.example", "certbot --nginx -d riverside.example"),
    "of an unknown maker": ("not trusted: ", "fullchain.pem"),
}


@pytest.mark.parametrize("kind", CERTIFICATES)
async def test_a_certificate_that_is_no_good_is_named_with_its_cure(tmp_path: Path, kind: str) -> None:
    async with standing(tmp_path) as at:
        assert at.context is not None
        ended = SystemClock().now() - timedelta(days=1)
        leaf = {
            "ended": lambda: at.authority.issue_cert(NAME, not_after=ended),
            "for another name": lambda: at.authority.issue_cert("other.example"),
            "of an unknown maker": lambda: trustme.CA().issue_cert(NAME),
        }[kind]()
        leaf.configure_cert(at.context)
        report = await at.examined()

    told, cure = CERTIFICATES[kind]
    assert wrong_in(report)["TLS"] is BROKEN
    assert told in detail_in(report, "TLS")
    assert cure in cures_in(report, "TLS")
    assert {"Reach", "Actor"} <= set(report.unasked)


async def test_a_certificate_that_ends_soon_is_worth_a_look(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        assert at.context is not None
        at.authority.issue_cert(NAME, not_after=SystemClock().now() + timedelta(days=9)).configure_cert(at.context)
        report = await at.examined()

    assert wrong_in(report) == {"TLS": LOOK}
    assert "8 days left" in detail_in(report, "TLS")


async def test_a_server_that_speaks_no_tls_is_named(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True) as at:
        secure = at.settings.model_copy(update={"url": at.settings.url.replace("http://", "https://")})
        report = await at.examined(settings=secure, council=None)

    assert wrong_in(report)["TLS"] is BROKEN
    assert "nginx: listen 443 ssl;" in cures_in(report, "TLS")


async def test_plain_http_is_worth_a_look_and_all_else_is_good(tmp_path: Path) -> None:
    async with standing(tmp_path, plain=True) as at:
        report = await at.examined()

    assert wrong_in(report) == {"TLS": LOOK}
    assert 'url = "https://riverside.example"' in cures_in(report, "TLS")


async def _nowhere(_host: str, _port: int) -> Sequence[str]:
    raise OSError("Name or service not known")


async def _private(_host: str, _port: int) -> Sequence[str]:
    return ["192.168.1.7"]


async def test_a_name_that_leads_nowhere_is_named_and_nothing_else_is_blamed(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        at.ways.real.lean.connections._resolve = _nowhere
        report = await at.examined(resolve=_nowhere)

    assert wrong_in(report) == {"DNS": BROKEN}
    assert "A or AAAA record" in cures_in(report, "DNS")
    assert "Name or service not known" in detail_in(report, "DNS")


async def test_a_name_that_leads_into_a_private_network_is_broken_unless_it_is_listed(tmp_path: Path) -> None:
    async with standing(tmp_path) as at:
        allowed = at.settings.allow.model_copy(update={"plain_hosts": ()})
        unlisted = await at.found("DNS", resolve=_private, settings=at.settings.model_copy(update={"allow": allowed}))
        listed = await at.found("DNS", resolve=_private)

    assert (unlisted.state, listed.state) == (BROKEN, State.GOOD)
    assert "192.168.1.7 is private" in unlisted.detail
    assert "plain_hosts" in "\n".join(cure.line for cure in unlisted.cures)


async def test_a_name_that_may_lead_elsewhere_is_told_honestly(tmp_path: Path) -> None:
    async def elsewhere(_host: str, _port: int) -> Sequence[str]:
        return ["192.168.1.7"]

    async with standing(tmp_path, Faults(page=True)) as at:
        report = await at.examined(resolve=elsewhere)

    assert wrong_in(report) == {"DNS": LOOK, "Reach": BROKEN}
    assert "no address of this machine" in detail_in(report, "DNS")
