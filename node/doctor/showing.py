"""Is what we show the same that others get? The actor, its keys, WebFinger both ways, and our pages, as they leave the proxy."""

from urllib.parse import quote

from federation.media_types import Media
from federation.ports import OutgoingResponse, TransportFailure
from node.doctor import proxy
from node.doctor.asking import ACTIVITY, arrival, described, json_of
from node.doctor.finding import Cure, Finding, State
from node.doctor.look import Look
from schemas.actor import TheirActor
from schemas.phrase import phrase
from schemas.webfinger import self_link

PAGE = "text/html"
ACTOR_PATH = "/council"


async def actor(look: Look) -> Finding | None:
    """Does another server get our actor as ActivityPub, under its own id?"""
    came = (await arrival(look)).here if look.word is not None else None
    if came is None:
        return None
    if came.field("accept") != ACTIVITY:
        words = phrase(
            "Other servers that look for us get a page for people. They cannot link up with us or follow us."
        )
        detail = f"the Accept field arrives as {came.field('accept') or 'nothing'}: the proxy drops or changes it"
        return Finding("Actor", State.BROKEN, words, detail, proxy.ACCEPT)
    got = await look.get(ACTOR_PATH, accept=ACTIVITY)
    words = phrase(
        "Other servers that look for us do not get what they need. They cannot link up with us or follow us."
    )
    if isinstance(got, TransportFailure):
        cures = proxy.upstream_cures(look.upstream)
        return Finding("Actor", State.BROKEN, words, f"{ACTOR_PATH}: {got.word} ({got.detail})", cures)
    kind = got.headers.get("content-type", "")
    if got.status == 200 and not Media.ACTIVITY.fits(kind):
        detail = f"{ACTOR_PATH} gives {kind or 'no type'} to a server that asks for {ACTIVITY}"
        return Finding("Actor", State.BROKEN, words, detail, proxy.TYPE_ANSWERED)
    document = json_of(got.body)
    if got.status != 200 or not isinstance(document, dict):
        return Finding("Actor", State.BROKEN, words, f"{ACTOR_PATH} answers {described(got)}", proxy.ACCEPT)
    if document.get("id") != look.url + ACTOR_PATH:
        cure = Cure(phrase("In comarca.toml, the address that others use"), "url = …")
        detail = f"the actor at {look.url} says that it is {str(document.get('id'))[:200]}"
        return Finding("Actor", State.BROKEN, words, detail, (cure,))
    good = phrase("Other servers that look for us find us.")
    return Finding("Actor", State.GOOD, good, f"{ACTOR_PATH} gives {ACTIVITY} to a server")


async def shown_keys(look: Look) -> Finding | None:
    """Are the keys that others see those that lie on this disk?"""
    if look.council is None or look.word is None or (await arrival(look)).here is None:
        return None
    got = await look.get(ACTOR_PATH, accept=ACTIVITY)
    read = TheirActor.read(json_of(got.body)) if isinstance(got, OutgoingResponse) and got.status == 200 else None
    if not isinstance(read, TheirActor):
        return None  # the check of the actor says what is wrong
    shown = [pair[1].strip() for pair in (read.rsa_key(), read.ed25519_key()) if pair is not None]
    if shown == [look.council.rsa_pem.strip(), look.council.multibase]:
        words = phrase("Other servers see the keys that we sign with.")
        return Finding("Shown keys", State.GOOD, words, "the actor shows the keys in keys/")
    words = phrase("The keys that other servers see are not those that we sign with. What we send is refused.")
    cures = (
        Cure(phrase("If the keys were put back from a backup: start the server anew"), "systemctl restart comarca"),
        Cure(phrase("If not: put the right keys back"), f"comarca restore … --into {look.settings.directory}"),
    )
    return Finding("Shown keys", State.BROKEN, words, "the actor shows other keys than those in keys/", cures)


async def webfinger(look: Look) -> Finding | None:
    """Does our name lead to our actor, and our actor's address back to our name?"""
    if look.word is None or (await arrival(look)).here is None:
        return None
    account, actor_id = f"acct:council@{look.authority}", look.url + ACTOR_PATH
    words = phrase("Whoever looks for {name} does not find us.", name=f"@council@{look.authority}")
    for resource in (account, actor_id):
        got = await look.get(
            f"/.well-known/webfinger?resource={quote(resource, safe='')}", accept=Media.WEBFINGER.value
        )
        wrong = _wrong_jrd(got, account=account, actor_id=actor_id)
        if wrong is not None:
            return Finding("WebFinger", State.BROKEN, words, f"for {resource}: {wrong}", proxy.WELL_KNOWN)
    good = phrase("Whoever looks for {name} finds us.", name=f"@council@{look.authority}")
    return Finding(
        "WebFinger", State.GOOD, good, f"{account} and {actor_id} lead to each other (seen from this machine)"
    )


def _wrong_jrd(got: OutgoingResponse | TransportFailure, *, account: str, actor_id: str) -> str | None:
    if isinstance(got, TransportFailure):
        return f"{got.word} ({got.detail})"
    document = json_of(got.body)
    if got.status != 200 or not isinstance(document, dict):
        return f"answers {described(got)}"
    if not Media.WEBFINGER.fits(got.headers.get("content-type", "")):
        return f"answers {described(got)}"
    if document.get("subject") != account:
        return f"it is about {str(document.get('subject'))[:200]}"
    link = self_link(document)
    return None if link == actor_id else "it does not lead to our actor"


async def pages(look: Look) -> Finding | None:
    """Do people get pages, with the headers that keep them safe, and does nothing mix up who asked for what?"""
    if look.word is None or (await arrival(look)).here is None:
        return None
    wall, sent_home = await look.get("/", accept=PAGE), await look.get(ACTOR_PATH, accept=PAGE)
    if isinstance(wall, TransportFailure) or isinstance(sent_home, TransportFailure):
        failed = wall if isinstance(wall, TransportFailure) else sent_home
        assert isinstance(failed, TransportFailure)
        words = phrase("Our pages cannot be opened.")
        return Finding(
            "Pages", State.BROKEN, words, f"{failed.word} ({failed.detail})", proxy.upstream_cures(look.upstream)
        )
    if sent_home.status == 200:
        words = phrase(
            "People who follow a link to us get what is meant for servers: something keeps answers for the next to ask."
        )
        cures = proxy.cures("no `proxy_cache` in this name's block", "no `cache` in this name's block")
        return Finding("Pages", State.BROKEN, words, f"{ACTOR_PATH} gives a browser {described(sent_home)}", cures)
    if sent_home.status != 303 or sent_home.headers.get("location") != f"{look.url}/":
        words = phrase("People who follow a link to us are sent to a wrong address.")
        cures = proxy.cures("proxy_redirect off;", "no `header_down Location …`")
        return Finding("Pages", State.BROKEN, words, f"{ACTOR_PATH} answers a browser {described(sent_home)}", cures)
    if wall.status != 200 or not wall.headers.get("content-type", "").lower().startswith(PAGE):
        words = phrase("Our wall cannot be opened as a page.")
        return Finding("Pages", State.BROKEN, words, f"/ gives a browser {described(wall)}", proxy.TYPE_ANSWERED)
    policy = wall.headers.get("content-security-policy", "")
    missing = [] if policy.startswith("default-src 'none'") and "," not in policy else ["Content-Security-Policy"]
    if look.secure and "strict-transport-security" not in wall.headers:
        missing.append("Strict-Transport-Security")
    if missing:
        words = phrase("What keeps people safe on our pages does not arrive with them.")
        return Finding("Pages", State.LOOK, words, f"changed or missing: {', '.join(missing)}", proxy.ANSWERED_HEADERS)
    words = phrase("Our pages can be opened, and keep people safe.")
    cookies = "cookies are Secure" if look.secure else "cookies are not Secure, since the address is http"
    return Finding("Pages", State.GOOD, words, f"pages arrive with their headers; {cookies}")
