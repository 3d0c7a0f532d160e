"""Keeps addresses that customers chose out of the CPython host's own network.

Judged is the address of the socket that is about to be connected. How the URL was written, what
aiohttp takes for a literal address and how often a name is resolved make no difference.
"""

import socket
from typing import Any

from shared.addresses import is_public


class NotPublicError(OSError):
    """The address is not on the public internet. An ``OSError``, because that is what aiohttp
    expects where no connection can be made."""


def public_socket(target: tuple[Any, ...]) -> socket.socket:
    """A socket for ``target``, one of ``socket.getaddrinfo``'s tuples; aiohttp connects it to the
    address in there. Raises ``NotPublicError``."""
    family, kind, protocol, _, address = target
    if not is_public(address[0]):
        # The same words for each of a name's addresses: of different errors aiohttp makes another.
        raise NotPublicError("the address is not on the public internet")
    return socket.socket(family, kind, protocol)
