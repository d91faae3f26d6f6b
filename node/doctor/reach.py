"""Can others find us, safely, and is it us whom they find? Name, certificate, and the way to this very server.

All of it is seen from this machine: through the public address, but not from elsewhere.
"""

import asyncio
import ipaddress
from datetime import timedelta

from federation.addresses import judge_address
from node.doctor import certificate, proxy
from node.doctor.asking import Arrival, Asked, arrival, described, json_of
from node.doctor.certificate import ENDED, NOT_YET, OTHER_ADDRESS, OTHER_NAME, Certificate, NobodyThere, NoHandshake
from node.doctor.finding import Cure, Finding, State
from node.doctor.look import Look
from schemas.phrase import phrase

RESOLVE_SECONDS = 5.0
SOON_ENDS = timedelta(days=14)
SLOW_SECONDS = 2.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NO_UPSTREAM = frozenset({502, 503, 504, 508})
_PLACE_IT = Cure(phrase("Where the name is kept (DNS), let its A or AAAA record lead to this machine"))


async def addresses_of(look: Look) -> list[str] | str:
    """The addresses that our name leads to, or in words why there are none."""
    return await look.once("addresses", lambda: _resolved(look))


async def _resolved(look: Look) -> list[str] | str:
    try:
        return [str(ipaddress.ip_address(look.host.strip("[]")))]
    except ValueError:
        pass
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            found = list(dict.fromkeys(await look.resolve(look.host, look.port)))
    except TimeoutError:
        return "no answer in time"
    except (OSError, ValueError) as error:
        return str(error) or "not found"
    return found or "no address"


async def dns(look: Look) -> Finding:
    """Does the name lead somewhere, where to, and can that be this machine?"""
    found = await addresses_of(look)
    if isinstance(found, str):
        words = phrase("Nobody can find our server: the name {host} leads nowhere.", host=look.host)
        return Finding("DNS", State.BROKEN, words, f"{look.host} cannot be resolved ({found})", (_PLACE_IT,))
    leads = f"{look.host} → {', '.join(found)}"
    inside = {address: judge_address(address, exempt=look.listed) for address in found}
    refused = [f"{address} is {word}" for address, word in inside.items() if word is not None]
    if refused:
        words = phrase("The name {host} leads to an address that nobody outside can reach.", host=look.host)
        listing = Cure(
            phrase("Or, for trying out only, in comarca.toml under [allow]"), f'plain_hosts = ["{look.authority}"]'
        )
        return Finding("DNS", State.BROKEN, words, f"{leads}; {'; '.join(refused)}", (_PLACE_IT, listing))
    if look.word is not None and (await arrival(look)).here is not None:
        words = phrase("The name {host} leads to our server.", host=look.host)
        return Finding("DNS", State.GOOD, words, f"{leads}, and that is this server (seen from this machine)")
    if any(look.machine.owns(address) for address in found):
        words = phrase("The name {host} leads to this machine.", host=look.host)
        return Finding("DNS", State.GOOD, words, f"{leads}, an address of this machine")
    words = phrase("Whether the name {host} leads to this machine cannot be told from here.", host=look.host)
    detail = f"{leads}; no address of this machine, and our server does not answer there. Behind a router that is usual"
    return Finding("DNS", State.LOOK, words, detail, (_PLACE_IT,))


async def tls(look: Look) -> Finding | None:
    """Is the certificate good for our name, and for how long?"""
    if not look.secure:
        words = phrase("What people read and write here can be read on the way: our address is http, not https.")
        cure = Cure(phrase("For trying out only. Otherwise in comarca.toml"), f'url = "https://{look.host}"')
        return Finding("TLS", State.LOOK, words, f"{look.url} is plain http", (cure,))
    found = await addresses_of(look)
    if isinstance(found, str):
        return None
    judged = [address for address in found if judge_address(address, exempt=look.listed) is None]
    if not judged:
        return None
    try:
        seen = await certificate.shown(judged[0], look.port, host=look.host.strip("[]"), ca_file=look.ca_file)
    except NobodyThere:
        return None
    except NoHandshake as error:
        words = phrase("No safe connection to our server comes about.")
        cures = proxy.cures("listen 443 ssl;", f"{look.authority} {{ … }}  (the name alone, without http://)")
        return Finding("TLS", State.BROKEN, words, f"{look.authority} does not speak TLS as it should ({error})", cures)
    return _judged(look, seen)


def _judged(look: Look, seen: Certificate) -> Finding:
    now, until = look.clock.now(), f"{seen.ends:%Y-%m-%d}"
    renew = proxy.cures(
        "certbot renew && systemctl reload nginx", "journalctl -u caddy  (it renews by itself; see why not)"
    )
    if seen.code == ENDED or seen.ends <= now:
        words = phrase(
            "The certificate of our address has ended. Browsers warn people away, and nearby councils stay away."
        )
        return Finding("TLS", State.BROKEN, words, f"the certificate ended on {until}", renew)
    if seen.code == NOT_YET or seen.begins > now + timedelta(hours=1):
        words = phrase("The certificate of our address begins in the future: perhaps this machine's clock is wrong.")
        cure = Cure(phrase("Set the clock by a time service"), "timedatectl set-ntp true")
        return Finding("TLS", State.BROKEN, words, f"the certificate begins on {seen.begins:%Y-%m-%d}", (cure,))
    if seen.code in (OTHER_NAME, OTHER_ADDRESS):
        names = ", ".join(seen.names[:5]) or "no name"
        words = phrase("The certificate shown at our address is not for the name {host}.", host=look.host)
        cures = proxy.cures(f"certbot --nginx -d {look.host}", f"{look.authority} {{ … }}")
        return Finding("TLS", State.BROKEN, words, f"the certificate is for {names}, not for {look.host}", cures)
    if seen.code:
        words = phrase("The certificate of our address is not trusted: its maker is unknown, or a part is missing.")
        return Finding("TLS", State.BROKEN, words, f"not trusted: {seen.verdict}", proxy.CHAIN)
    days = (seen.ends - now).days
    if seen.ends - now <= SOON_ENDS:
        words = phrase("The certificate of our address ends soon: {day}.", day=until)
        return Finding("TLS", State.LOOK, words, f"valid until {until}, {days} days left; renewal is late", renew)
    words = phrase("Connections to our server are safe from eavesdroppers until {day} at least.", day=until)
    return Finding("TLS", State.GOOD, words, f"valid until {until}, {days} days left, chain complete, name right")


async def reach(look: Look) -> Finding | None:
    """Does what is asked of our public address arrive at this very server?"""
    if look.word is None:
        words = phrase(
            "Nothing can be written into the folder of our server, so the way to our server was not looked at."
        )
        cure = Cure(phrase("Run it as whoever owns the folder"), f"ls -ld {look.settings.directory}")
        return Finding("Reach", State.LOOK, words, "", (cure,))
    came = await arrival(look)
    astray = [one for one in came.asked if one.echo is None]
    if not astray:
        return _arrived(look, came)
    one = astray[0]
    if one.failure is not None:
        return _failed(look, one)
    if one.answer is not None and came.here is not None and _is_comarca(one):
        return _second(
            look, f"{len(astray)} of {len(came.asked)} requests were answered by another server of this council"
        )
    return _elsewhere(look, one)


def _arrived(look: Look, came: Arrival) -> Finding:
    took = f"{came.seconds:.1f} s" if came.seconds >= 0.1 else "at once"
    if came.seconds >= SLOW_SECONDS:
        words = phrase("Our server can be reached as {url}, but it answers slowly.", url=look.url)
        cure = Cure(phrase("See what keeps this machine or the proxy busy"), "top")
        return Finding("Reach", State.LOOK, words, f"{look.url} answers after {took}", (cure,))
    words = phrase("Our server can be reached as {url}.", url=look.url)
    return Finding(
        "Reach", State.GOOD, words, f"{look.url} leads to this server and answers {took} (seen from this machine)"
    )


def _failed(look: Look, one: Asked) -> Finding | None:
    assert one.failure is not None
    word, detail = one.failure.word, one.failure.detail
    if word in ("resolve", "refused-address", "certificate", "tls"):
        return None  # the checks of the name and of the certificate say what is wrong
    if word == "not-permitted":
        words = phrase("Our own address is one that no server may ask.")
        cure = Cure(phrase("In comarca.toml, https and the usual port"), f'url = "https://{look.host}"')
        return Finding("Reach", State.BROKEN, words, f"{look.url}: {detail}", (cure,))
    words = phrase("Nobody can reach our server: nothing answers at {url}.", url=look.url)
    if word == "timeout":
        cures = (
            Cure(phrase("Is the proxy stuck, or sending to itself?"), f"proxy_pass http://{look.upstream};"),
            Cure(
                phrase("Let the router and the firewall pass on port {port}", port=look.port),
                f"ufw allow {look.port}/tcp",
            ),
        )
        return Finding("Reach", State.BROKEN, words, f"no answer in time ({detail})", cures)
    cures = (
        Cure(phrase("Start the proxy"), "systemctl start caddy  (or nginx)"),
        Cure(
            phrase("Let the router and the firewall pass on port {port}", port=look.port), f"ufw allow {look.port}/tcp"
        ),
    )
    return Finding("Reach", State.BROKEN, words, f"no connection ({detail})", cures)


def _elsewhere(look: Look, one: Asked) -> Finding:
    assert one.answer is not None
    answer = one.answer
    if _reason(one) == "not-set-up":
        words = phrase("Our server can be reached as {url}. Nobody has set it up yet.", url=look.url)
        cure = Cure(phrase("Set it up in the browser, by the link"), f"comarca claim-link {look.settings.directory}")
        return Finding("Reach", State.LOOK, words, f"{look.url} leads to a server that nobody has claimed", (cure,))
    if answer.status in (429, 503, 507) and _reason(one) is not None:
        words = phrase("Our server can be reached as {url}, but it cannot keep up.", url=look.url)
        cure = Cure(phrase("See what the log says"), "journalctl -u comarca --since today")
        return Finding("Reach", State.LOOK, words, f"{look.url} answers {described(answer)}", (cure,))
    if answer.status in _NO_UPSTREAM:
        words = phrase("Something answers at our address, but it does not find our server behind it.")
        cures = (
            Cure(phrase("Is the server running?"), "systemctl status comarca"),
            *proxy.upstream_cures(look.upstream),
        )
        return Finding("Reach", State.BROKEN, words, f"the proxy answers {described(answer)}", cures)
    if answer.status in _REDIRECTS:
        words = phrase("Whoever asks our address is sent on to another one, which nearby councils do not follow.")
        cures = (*proxy.REDIRECT, Cure(phrase("Or the other address is the right one: in comarca.toml"), "url = …"))
        return Finding("Reach", State.BROKEN, words, f"answers {described(answer)}", cures)
    if answer.status in (401, 403):
        words = phrase("Something in front of our server turns people and nearby councils away.")
        cures = proxy.cures("no `auth_basic` and no `deny`", "no `basic_auth` and no `respond 403`")
        return Finding("Reach", State.BROKEN, words, f"answers {described(answer)}", cures)
    if _is_comarca(one):
        return _second(look, "another server, with another folder, answers under our name")
    words = phrase("Something else than our server answers at {url}.", url=look.url)
    cures = (*proxy.upstream_cures(look.upstream), _PLACE_IT)
    return Finding("Reach", State.BROKEN, words, f"something else answers: {described(answer)}", cures)


def _second(look: Look, detail: str) -> Finding:
    words = phrase("A second server answers under our name. What people put up may land there and be lost to us.")
    cures = (
        Cure(phrase("Stop the other one, an old machine or a copy of the folder"), "systemctl disable --now comarca"),
        *proxy.upstream_cures(look.upstream),
    )
    return Finding("Reach", State.BROKEN, words, detail, cures)


def _is_comarca(one: Asked) -> bool:
    """Whether a server of our kind has answered that it knows nothing of our word."""
    return one.answer is not None and one.answer.status == 404 and _reason(one) in ("not-here", "not-found")


def _reason(one: Asked) -> str | None:
    """The reason word of a refusal in our own form (RFC 9457), None for anything else."""
    if one.answer is None:
        return None
    kind = one.answer.headers.get("content-type", "").partition(";")[0].strip()
    said = json_of(one.answer.body) if kind == "application/problem+json" else None
    return said.get("reason") if isinstance(said, dict) else None
