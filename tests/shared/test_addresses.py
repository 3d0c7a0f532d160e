"""Only ordinary addresses of the public internet may be called, however they are written."""

import ipaddress

import pytest

from shared.addresses import is_public

# https://www.iana.org/assignments/iana-ipv4-special-registry (2025-10-09), and multicast.
IPV4_SPECIAL = (
    *("0.0.0.0/8", "0.0.0.0/32", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.0.0.0/24", "192.0.0.0/29", "192.0.0.8/32", "192.0.0.9/32"),
    *("192.0.0.10/32", "192.0.0.170/32", "192.0.0.171/32", "192.0.2.0/24", "192.31.196.0/24"),
    *("192.52.193.0/24", "192.88.99.0/24", "192.88.99.2/32", "192.168.0.0/16", "192.175.48.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4", "255.255.255.255/32"),
    "224.0.0.0/4",
)
# https://www.iana.org/assignments/iana-ipv6-special-registry (2025-10-09), and what RFC 4291 and
# its predecessors set apart beside it: site-local, multicast, IPv4-compatible, unassigned.
IPV6_SPECIAL = (
    *("::1/128", "::/128", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64"),
    *("100:0:0:1::/64", "2001::/23", "2001::/32", "2001:1::1/128", "2001:1::2/128"),
    *("2001:1::3/128", "2001:2::/48", "2001:3::/32", "2001:4:112::/48", "2001:10::/28"),
    *("2001:20::/28", "2001:30::/28", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48"),
    *("3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10"),
    *("fec0::/10", "ff00::/8", "::/96", "4000::/3", "8000::/1"),
)


@pytest.mark.parametrize("network", [*IPV4_SPECIAL, *IPV6_SPECIAL])
def test_no_address_of_a_special_purpose_is_public(network: str) -> None:
    found = ipaddress.ip_network(network)
    for address in (found[0], found[found.num_addresses // 2], found[-1]):
        assert not is_public(str(address)), address


@pytest.mark.parametrize(
    "address",
    [
        *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"),
        *("126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0"),
        *("198.17.255.255", "198.20.0.0", "223.255.255.255"),
        *("2606:4700:4700::1111", "2000::1", "2001:200::1", "2001:db7::1", "2001:db9::1"),
        *("2003::1", "2620:4f:7fff::1", "2620:4f:8001::1", "3ffe::1", "3fff:1000::1"),
    ],
)
def test_their_neighbours_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("localhost", "", "2130706433", "127.1", "0x7f.1", "0177.0.0.1", "1.1.1.1.", "1.1.1"),
        *("fe80::1%eth0", "2606:4700::1%1", "[2606:4700::1]", "1.1.1.1:80", " 1.1.1.1"),
        *("\uff11.1.1.1", "::ffff:1.1.1.1", "2002:101:101::", "64:ff9b::101:101"),
    ],
)
def test_any_other_spelling_is_not(address: str) -> None:
    """What a socket would be told to resolve once more, or what wraps an IPv4 address."""
    assert not is_public(address)
