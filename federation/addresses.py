"""Which addresses this node may connect to: global unicast, and nothing that only looks like it (S22).

Pure: it looks at one address and never resolves a name. The transport asks it at the moment of connecting, for every
address of a host, so that a name which changes its answer gains nothing (S21).
"""

import ipaddress
from typing import Final

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# `is_global` differs between Python releases and calls multicast and the translation ranges global. What is known to lead
# elsewhere is therefore named, most telling word first, and `is_global` is asked last.
_REFUSED: Final[tuple[tuple[_Network, str], ...]] = tuple(
    (ipaddress.ip_network(network), word)
    for network, word in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared"),
        ("127.0.0.0/8", "loopback"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "documentation"),
        ("192.88.99.0/24", "embedded-ipv4"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "benchmark"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::ffff:0:0/96", "embedded-ipv4"),  # IPv4-mapped
        ("::ffff:0:0:0/96", "embedded-ipv4"),  # IPv4-translated (SIIT)
        ("::/96", "embedded-ipv4"),  # IPv4-compatible
        ("64:ff9b::/96", "embedded-ipv4"),  # NAT64
        ("64:ff9b:1::/48", "embedded-ipv4"),  # NAT64, local use
        ("100::/64", "reserved"),
        ("2001::/32", "embedded-ipv4"),  # Teredo
        ("2001:db8::/32", "documentation"),
        ("2001::/23", "reserved"),
        ("2002::/16", "embedded-ipv4"),  # 6to4
        ("3fff::/20", "documentation"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_GLOBAL_IPV6: Final = ipaddress.IPv6Network("2000::/3")

# Link-local stays refused for exempt hosts too: cloud machines keep their credentials at such an address.
_EXEMPTED: Final = frozenset({"loopback", "private"})


def judge_address(ip: str, *, exempt: bool) -> str | None:
    """None when `ip` may be connected to, else one word that says why not.

    `exempt` is for the hosts that the council listed itself: loopback and private addresses are open to them, all other
    refusals stand. Names, addresses with a zone id and addresses in unusual spellings are refused as well.
    """
    if "%" in ip:
        return "zone"
    try:
        address = ipaddress.ip_address(ip)
    except ValueError:
        return "not-an-address"
    for network, word in _REFUSED:
        if address.version == network.version and address in network:
            return None if exempt and word in _EXEMPTED else word
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_IPV6:
        return "reserved"
    return None if address.is_global else "reserved"
