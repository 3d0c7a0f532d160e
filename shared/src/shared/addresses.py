"""Which network addresses a customer may have us call: none that has a special purpose.

Rules: only the address that a connection is really made to is judged, never a name or a spelling of
it, and this function is the only judge: the edge asks it for each socket it opens, the dashboard
for each address it has resolved.
"""

import ipaddress

_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
"""The only part of IPv6 that is handed out for global unicast (RFC 4291, section 2.4)."""
_SPECIAL_IPV6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # IETF protocol assignments: Teredo, benchmarking, ORCHID, AS112 …
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: wraps any IPv4 address
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)
_SPECIAL_IPV4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared, behind carriers' translators
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local: where clouds keep their metadata
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # IETF protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # automatic multicast tunnels
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
"""IANA's special-purpose registries (RFC 6890) of 2025, and multicast. What they call globally
reachable is among them: no provider is there."""


def is_public(address: str) -> bool:
    """Whether ``address`` is an ordinary one of the public internet.

    ``address`` is what a socket is told to connect to: four decimal numbers, or IPv6 as RFC 4291
    writes it. Any other spelling, a name and an address with a zone are not public.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _SPECIAL_IPV4)
    if ip.scope_id is not None or ip not in _GLOBAL_IPV6:
        return False
    return not any(ip in network for network in _SPECIAL_IPV6)
