"""Asking an address a customer chose, without letting it reach into our network.

The name is resolved once, every address it has must be a public one, and the connection goes to the
address that was checked, so a name that resolves differently a moment later (DNS rebinding) gains
nothing. Redirects are not followed and no proxy is used. TLS is verified against the name. A
connection ends after twenty seconds, whatever the other side does. Only the status of the answer is
read.
"""

import socket
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3

from apps.outgoing.deadline import HttpPool, HttpsPool
from shared.addresses import is_public

_TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)
_NOT_PUBLIC = "The host is not on the public internet."
_PORTS = {"https": 443, "http": 80}


class AddressRefusedError(Exception):
    """The address must not be asked; the message is for the customer."""


class NotPublicError(AddressRefusedError):
    """It lies in a private network."""


class UnreachableError(Exception):
    """There was no answer; the message names what went wrong."""


def parse(url: str, *, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of an address, before anything is resolved. Raises ``AddressRefusedError``."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError("This is no address.") from error
    if parts.scheme not in schemes:
        raise AddressRefusedError(f"The address must start with {schemes[0]}://.")
    if not parts.hostname or parts.username or parts.password or port == 0:
        raise AddressRefusedError("The address needs a host and may not hold a user or password.")
    return parts


def refuse_private_literal(host: str) -> None:
    """Raises ``NotPublicError`` for a host that is private without any DNS look-up.

    The system's resolver parses literal addresses, as when connecting: ``127.1`` is 127.0.0.1.
    """
    if host == "localhost" or host.endswith((".localhost", ".internal")):
        raise NotPublicError(_NOT_PUBLIC)
    try:
        literal = _addresses(host, 0, flags=socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return
    if not all(map(is_public, literal)):
        raise NotPublicError(_NOT_PUBLIC)


def ask(
    method: str, parts: SplitResult, headers: dict[str, str], body: bytes = b"", *, private: bool
) -> int:
    """The answer's status. ``private``: addresses that are not public may be asked too.

    Raises ``AddressRefusedError`` and ``UnreachableError``.
    """
    host = str(parts.hostname)
    port = parts.port or _PORTS[parts.scheme]
    address = _resolve(host, port, private=private)
    pool: urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        pool = HttpsPool(
            address,
            port,
            timeout=_TIMEOUT,
            server_hostname=host,
            assert_hostname=host,
            cert_reqs="CERT_REQUIRED",
            ca_certs=certifi.where(),
        )
    else:
        pool = HttpPool(address, port, timeout=_TIMEOUT)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with pool:
            answer = pool.request(
                method,
                target,
                body=body or None,
                headers={**headers, "Host": parts.netloc},
                retries=False,
                redirect=False,
                preload_content=False,
            )
            answer.release_conn()
            return answer.status
    except urllib3.exceptions.HTTPError as error:
        raise UnreachableError(type(error).__name__) from error


def _resolve(host: str, port: int, *, private: bool) -> str:
    try:
        addresses = _addresses(host, port)
    except (OSError, UnicodeError) as error:
        raise AddressRefusedError("The host name is not known.") from error
    if not private and not all(map(is_public, addresses)):
        raise NotPublicError(_NOT_PUBLIC)
    return addresses[0]


def _addresses(host: str, port: int, *, flags: int = 0) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return [str(entry[4][0]) for entry in found]
