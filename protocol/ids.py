"""Addresses and ids: which origin an address belongs to, and which addresses a node may deal with at all.

Every comparison of hosts goes through `origin_of`, so that two spellings of one host are one and two hosts never become one.
Never resolves names: whether an address is public is judged where the connection is made.
"""

import base64
import ipaddress
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

MAX_ADDRESS: Final = 2048
ID_BYTES: Final = 17
ID_LENGTH: Final = 26

_ADDRESS = re.compile(r"(https?)://([^/?#]+)(?:[/?#].*)?", re.IGNORECASE)
# Controls, every kind of blank, and what browsers and libraries read in different ways.
_FORBIDDEN = re.compile(
    r'[\x00-\x20\x7f-\xa0\\"<>^`{|}\s\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]'
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER_LIKE = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
_PORT = re.compile(r"[0-9]{1,5}")
_DEFAULT_PORT = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """The text is no http or https address that two implementations would read alike."""


@lru_cache(maxsize=4096)
def origin_of(address: str) -> str:
    """The origin of an http(s) address: `https://host` or `http://host:8101`; the default port is dropped.

    Strict (protocol.md S8): lowercase, IDNA; user info, trailing dots, empty labels, underscores, blanks and
    controls are refused. IP literals are read; whether they are allowed is for `Policy`.

    Raises:
        BadAddress: the address is not one that everybody would read alike.
    """
    if len(address) > MAX_ADDRESS:
        raise BadAddress("The address is too long.")
    if _FORBIDDEN.search(address):
        raise BadAddress("The address holds characters that do not belong there.")
    match = _ADDRESS.fullmatch(address)
    if match is None:
        raise BadAddress("The address is not an http or https address.")
    return _origin(match[1].lower(), match[2])


# Ids are new with every message, the hosts in them are not.
@lru_cache(maxsize=4096)
def _origin(scheme: str, authority: str) -> str:
    if "@" in authority or "%" in authority:
        raise BadAddress("The address holds user information or an escaped host.")
    host, port = _split_port(authority)
    name = _ip_literal(host[1:-1]) if host.startswith("[") else _host_name(host)
    if port is None or port == _DEFAULT_PORT[scheme]:
        return f"{scheme}://{name}"
    return f"{scheme}://{name}:{port}"


def _split_port(authority: str) -> tuple[str, int | None]:
    if authority.startswith("["):
        end = authority.find("]") + 1
        host, rest = authority[:end], authority[end:]
        if not end or (rest and not rest.startswith(":")):
            raise BadAddress("The address holds a broken IP literal.")
        colon, text = rest[:1], rest[1:]
    else:
        host, colon, text = authority.partition(":")
    if not colon:
        return host, None
    if not _PORT.fullmatch(text) or not 0 < int(text) < 65536:
        raise BadAddress("The port of the address is not a port number.")
    return host, int(text)


def _ip_literal(text: str) -> str:
    try:
        return f"[{ipaddress.IPv6Address(text).compressed}]"
    except ValueError:
        raise BadAddress("The address holds a broken IP literal.") from None


def _host_name(host: str) -> str:
    name = host.lower()
    if not name.isascii():
        name = _to_ascii(name)
    if len(name) > 253 or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise BadAddress("The host of the address is not a host name.")
    if _NUMBER_LIKE.fullmatch(name.rpartition(".")[2]):
        # Some libraries read 0x7f.1 or 2130706433 as IP addresses: only the plain dotted form is unambiguous.
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise BadAddress("The host of the address is a number that is not an IP address.") from None
    return name


def _to_ascii(name: str) -> str:
    try:
        encoded = name.encode("idna")
        # IDNA 2003 maps some letters to others (sharp s, final sigma) that IDNA 2008 keeps: one name must not be two hosts.
        same = encoded.decode("idna") == name
    except UnicodeError:
        raise BadAddress("The host of the address is not a host name.") from None
    if not same:
        raise BadAddress("The host of the address is written in a form that is read in more than one way.")
    return encoded.decode("ascii").lower()


def host_of(address: str) -> str:
    """The host of an address, without its port; an IPv6 literal keeps its brackets. Raises BadAddress."""
    return _host_and_port(origin_of(address))[0]


def _host_and_port(origin: str) -> tuple[str, int]:
    scheme, _, authority = origin.partition("://")
    host, port = _split_port(authority)
    return host, _DEFAULT_PORT[scheme] if port is None else port


def same_origin(address: str, other: str) -> bool:
    """Whether two addresses have one origin; False when either is no good address."""
    try:
        return origin_of(address) == origin_of(other)
    except BadAddress:
        return False


def actor_of_key(key_id: str) -> str:
    """The address that a key id stands in: the id without its fragment. An id without fragment is returned as it is."""
    return key_id.partition("#")[0]


def has_query(address: str) -> bool:
    """Whether the address has a query string, an empty one included."""
    return "?" in address.partition("#")[0]


@dataclass(frozen=True, slots=True)
class Policy:
    """Which addresses this node may deal with.

    `plain_hosts` holds `host` or `host:port`, in lowercase: for these plain http, ports, loopback and IP literals are allowed.
    """

    plain_hosts: frozenset[str] = frozenset()

    def permits(self, address: str) -> bool:
        """True for https on the default port with a dotted DNS name, or for a listed host; False also when the address is bad."""
        try:
            origin = origin_of(address)
        except BadAddress:
            return False
        host, port = _host_and_port(origin)
        if host in self.plain_hosts or f"{host}:{port}" in self.plain_hosts:
            return True
        return origin == f"https://{host}" and _is_public_name(host)


def _is_public_name(host: str) -> bool:
    last = host.rpartition(".")[2]
    return "." in host and not host.startswith("[") and last != "localhost" and not last.isdigit()


def new_id(random_bytes: bytes) -> str:
    """A local id from 17 random bytes: 26 characters of lowercase base32, 130 bits, no time and no counter in it.

    Raises:
        ValueError: not exactly 17 bytes.
    """
    if len(random_bytes) != ID_BYTES:
        raise ValueError("An id needs exactly 17 random bytes.")
    return base64.b32encode(random_bytes)[:ID_LENGTH].decode("ascii").lower()
