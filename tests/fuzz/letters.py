"""Targets: what strangers type as an address, and what they open as a link of a letter."""

from email.headerregistry import Address

from node.features.resources.letters import links
from schemas.mail_address import LONGEST, mail_address
from tests.builders import START, ed25519_key
from tests.fuzz.registry import target

ADDRESS = "rosa@somewhere.example"
KEY = ed25519_key("riverside")
GOOD = links.confirm_token(KEY, whose=links.of_note(7), address=ADDRESS, now=START)


def _addresses() -> list[bytes]:
    return [b"rosa@example.org", b"Rosa.M+fans@Mail.Example.ORG", b"a!#$%&'*+/=?^_`{|}~-b@x-y.z0.example"]


def _links() -> list[bytes]:
    return [GOOD.encode(), links.stop_token(KEY, address=ADDRESS).encode(), b"member-1.1772442000.x"]


@target(_addresses, runs=400)
def mail_addresses(data: bytes) -> None:
    """What is taken is one address that can stand in an envelope and a header as it is, and is read again as the same."""
    address = mail_address(data.decode("utf-8", "surrogateescape"))
    if address is None:
        return
    name, host = address.split("@")
    assert 0 < len(name) <= 64 and "." in host and host == host.lower() and len(address) <= LONGEST
    assert address.isascii() and not set(address) & set(' \t\r\n\0<>()[],;:"\\') and "=?" not in address
    assert Address(addr_spec=address).addr_spec == address
    assert mail_address(address) == address


@target(_links, runs=400)
def letter_links(data: bytes) -> None:
    """No link but the very one that was made confirms anything, and what is read of one says no more than it did."""
    token = data.decode("utf-8", "surrogateescape")
    claimed = links.read_confirm(token)
    stops = links.stops(KEY, token, address=ADDRESS)
    assert stops == (token == links.stop_token(KEY, address=ADDRESS))
    if claimed is None:
        return
    assert links.proves(KEY, claimed, address=ADDRESS, now=START) == (token == GOOD)
    assert not links.proves(KEY, claimed, address="ben@elsewhere.example", now=START)
