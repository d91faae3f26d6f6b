import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.addresses import judge_address
from tests.federation.ranges import GLOBAL, REFUSED, REFUSED_TO_ALL


@pytest.mark.parametrize("ip", GLOBAL)
@pytest.mark.parametrize("exempt", [True, False])
def test_global_unicast_is_open_to_everybody(ip: str, exempt: bool) -> None:
    assert judge_address(ip, exempt=exempt) is None


@pytest.mark.parametrize("ip", REFUSED)
def test_everything_else_is_refused(ip: str) -> None:
    assert judge_address(ip, exempt=False) is not None


@pytest.mark.parametrize("ip", REFUSED_TO_ALL)
def test_an_exempt_host_gains_only_loopback_and_private_addresses(ip: str) -> None:
    assert judge_address(ip, exempt=True) is not None


@pytest.mark.parametrize("ip", sorted(set(REFUSED) - set(REFUSED_TO_ALL)))
def test_an_exempt_host_may_be_at_loopback_or_private_addresses(ip: str) -> None:
    assert judge_address(ip, exempt=True) is None


@pytest.mark.parametrize(
    "text", ["", "localhost", "council.example", "0x7f.0.0.1", "127.1", "2130706433", "0177.0.0.1", "[::1]", "1.2.3.4 "]
)
def test_only_plain_spellings_of_addresses_are_read(text: str) -> None:
    assert judge_address(text, exempt=True) == "not-an-address"


@pytest.mark.parametrize("ip", ["fe80::1%eth0", "2606:4700::1%1"])
def test_zone_ids_are_refused_even_on_a_global_address(ip: str) -> None:
    assert judge_address(ip, exempt=True) == "zone"


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_gets_through_inside_an_ipv6_address(inner: ipaddress.IPv4Address) -> None:
    wrappers = [0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96, 0x20010000 << 96]
    wrapped = [ipaddress.IPv6Address(prefix | int(inner)) for prefix in wrappers]
    wrapped.append(ipaddress.IPv6Address(0x2002 << 112 | int(inner) << 80))

    assert all(judge_address(str(address), exempt=False) for address in wrapped)


@given(st.ip_addresses())
def test_whatever_is_let_through_is_global_unicast(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if judge_address(str(address), exempt=False) is None:
        assert address.is_global
        assert not address.is_multicast
        assert not address.is_reserved
