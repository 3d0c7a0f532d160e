"""Keeps addresses that customers chose out of the CPython host's own network.

Every address of a name must be public, and the connection goes to the one that was checked: a name
that changes its mind between check and use (DNS rebinding) gains nothing.
"""

import socket
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.helpers import is_ip_address
from aiohttp.resolver import ThreadedResolver

from gateway.http import AddressRefused
from shared.addresses import is_public

_REFUSED = "the address is not on the public internet"


class PublicResolver(AbstractResolver):
    """Resolves names whose addresses are all public."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Raises ``AddressRefused``."""
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(result["host"]) for result in found):
            raise AddressRefused(_REFUSED)
        return found

    async def close(self) -> None:
        """Holds nothing."""


def check_literal(url: str) -> None:
    """An address that is written out is never resolved. Raises ``AddressRefused``."""
    host = urlsplit(url).hostname or ""
    # What aiohttp takes for an address is more than what is one: 2130706433 is 127.0.0.1.
    if not is_ip_address(host):
        return
    try:
        public = is_public(host)
    except ValueError:
        public = False
    if not public:
        raise AddressRefused(_REFUSED)
