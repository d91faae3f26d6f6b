"""Who is at an address: read from there before two councils link up, by command and by page alike. It writes nothing."""

from typing import Final

from federation.council import Council
from federation.fetch import FetchFailed, fetch_actor
from federation.introductions import Introduction, usable
from federation.ports import Clock, Transport
from federation.signing import headers_for
from protocol import ids
from protocol.verdict import Refused
from schemas.actor import TheirActor
from schemas.phrase import Phrase, phrase
from schemas.refusal import Refusal

_HINTS: Final[dict[str, Phrase]] = {
    "not-permitted": phrase(
        "It must be https on the usual port, unless comarca.toml lists it under [allow] plain_hosts."
    ),
    "refused-address": phrase(
        "It leads to an address inside a private network; list it under [allow] plain_hosts if you mean it."
    ),
    "resolve": phrase("The name is not known. Is it spelled right?"),
    "connect": phrase("Nobody answers there. Is their server running?"),
    "certificate": phrase("Its certificate is not valid for that name. Tell them."),
}
_OTHERWISE: Final = phrase("Try again later, or ask them to look.")


class NotReached(Refusal):
    """Nothing could be read at the address. `word` is that of the fetch."""


def actor_at(address: str) -> str:
    """The actor id of the council at an address that a person typed. Raises Refusal("bad-address")."""
    return f"{origin_at(address)}/council"


def origin_at(address: str) -> str:
    """The origin that a person meant by an address, or by a host alone. Raises Refusal("bad-address")."""
    text = address if "://" in address else f"https://{address}"
    try:
        return ids.origin_of(text)
    except ids.BadAddress:
        sentence = phrase("“{address}” is no address. Write it like https://harbour.example", address=address[:200])
        raise Refusal("bad-address", "address", sentence=sentence) from None


async def who_is_at(address: str, *, council: Council, clock: Clock, transport: Transport) -> Introduction:
    """Read the actor document of a council, with both its keys.

    Raises Refusal: "bad-address", "no-council", "no-key"; NotReached where nothing could be read.
    """

    def sign(method: str, url: str) -> dict[str, str]:
        now = clock.now()
        return headers_for(council, scheme="cavage", method=method, url=url, body=None, now=now, as_node=True)

    document = await fetch_actor(transport, actor_at(address), sign=sign)
    if isinstance(document, FetchFailed):
        said = phrase("{address} could not be read ({why}).", address=address[:200], why=document.word)
        hint = _HINTS.get(document.word, _OTHERWISE)
        raise NotReached(document.word, "address", sentence=phrase("{said} {hint}", said=said, hint=hint))
    actor = TheirActor.read(document)
    introduction = usable(Introduction.of(actor)) if isinstance(actor, TheirActor) else actor
    if isinstance(introduction, Refused):
        raise Refusal(
            "no-council",
            "address",
            sentence=phrase(
                "{address} answers, but not as a wall like ours does. Is the address right?", address=address[:200]
            ),
        )
    if introduction.ed25519_multibase is None:
        raise Refusal(
            "no-key", "address", sentence=phrase("That address shows no Ed25519 key, so it is no Comarca server.")
        )
    return introduction
