"""WebFinger: how a council and its server are found by name, and how we find others.

RFC 7033; `acct:` for the council, the bare origin for the server's own actor (FEP-d556). Answers for our two actors only:
nobody else lives here.
"""

from typing import Any, Final, Literal

from protocol.verdict import Reason, Refused

OurActor = Literal["council", "actor"]

ACTIVITY_JSON: Final = "application/activity+json"
LD_JSON: Final = 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'
_PROFILE: Final = "https://www.w3.org/ns/activitystreams"
_SERVER_ACTOR: Final = "https://www.w3.org/ns/activitystreams#Service"
_PROFILE_PAGE: Final = "http://webfinger.net/rel/profile-page"


def subjects(resource: str, base_url: str, *, host: str) -> OurActor | None:
    """Which of our two actors `resource` names; None for anybody else. `host` with its port where it has one."""
    named = resource.strip()
    if named.lower().startswith("acct:"):
        account = named[len("acct:") :].removeprefix("@").lower()
        return {f"council@{host}": "council", f"{host}@{host}": "actor"}.get(account)  # type: ignore[return-value]
    if named in {base_url, f"{base_url}/", f"{base_url}/actor"}:
        return "actor"
    return "council" if named == f"{base_url}/council" else None


def jrd(base_url: str, host: str, *, whose: OurActor) -> dict[str, Any]:
    """The answer (application/jrd+json) for the council or for the server's own actor."""
    address = f"{base_url}/{whose}"
    this = {"rel": "self", "type": ACTIVITY_JSON, "href": address}
    if whose == "council":
        page = {"rel": _PROFILE_PAGE, "type": "text/html", "href": f"{base_url}/"}
        return {"subject": f"acct:council@{host}", "aliases": [address], "links": [this, page]}
    server = {"rel": _SERVER_ACTOR, "type": ACTIVITY_JSON, "href": address}
    return {"subject": f"acct:{host}@{host}", "aliases": [f"{base_url}/", address], "links": [this, server]}


def is_activity_type(media_type: object) -> bool:
    """Whether a media type is one of the two spellings of ActivityPub JSON; case and parameter order do not matter."""
    if not isinstance(media_type, str):
        return False
    essence, *parameters = [part.strip() for part in media_type.split(";")]
    if essence.lower() == ACTIVITY_JSON:
        return True
    if essence.lower() != "application/ld+json":
        return False
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "profile":
            return _PROFILE in value.strip().strip('"').split()
    return False


def self_link(document: object) -> str | Refused:
    """The actor id that their JRD names, or Refused(wrong-shape). Believe it only once the actor points back."""
    links = document.get("links") if isinstance(document, dict) else None
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "self" and is_activity_type(link.get("type")):
            href = link.get("href")
            if isinstance(href, str) and href.startswith(("https://", "http://")):
                return href
    return Refused(Reason.WRONG_SHAPE, "The WebFinger answer names no actor.")
