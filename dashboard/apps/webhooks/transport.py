"""Sending to an address a customer chose, without letting it reach into our network.

The name is resolved once, every address it has must be a public one, and the connection goes to the
address that was checked: a name that changes its mind between check and use (DNS rebinding) gains
nothing. Redirects are not followed. TLS is verified against the name. A connection ends after
twenty seconds, whatever the receiver does.
"""

import socket
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3
from django.conf import settings

from apps.webhooks.deadline import HttpPool, HttpsPool
from shared.addresses import is_public

_TIMEOUT = urllib3.Timeout(connect=5.0, read=10.0)


class AddressRefusedError(Exception):
    """The address must not be called; the message is for the customer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``error`` is empty when the receiver answered, whatever it said."""

    status: int | None
    error: str

    @property
    def accepted(self) -> bool:
        """Any 2xx."""
        return self.status is not None and 200 <= self.status < 300


def check_url(url: str) -> SplitResult:
    """Scheme, host and form of an address, before anything is resolved.

    Raises ``AddressRefusedError``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError("This is no address.") from error
    allowed = ("https", "http") if settings.WEBHOOKS_MAY_BE_LOCAL else ("https",)
    if parts.scheme not in allowed:
        raise AddressRefusedError("The address must start with https://.")
    if not parts.hostname or parts.username or parts.password or port == 0:
        raise AddressRefusedError("The address needs a host and may not hold a user or password.")
    return parts


def resolve(host: str, port: int) -> str:
    """An address of ``host`` that may be called. Raises ``AddressRefusedError``."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefusedError("The host name is not known.") from error
    addresses = [str(entry[4][0]) for entry in found]
    if not settings.WEBHOOKS_MAY_BE_LOCAL and not all(map(is_public, addresses)):
        raise AddressRefusedError("The host is not on the public internet.")
    return addresses[0]


def post(url: str, body: bytes, headers: dict[str, str]) -> Answer:
    """One attempt; never raises for what the receiver or the network does."""
    try:
        parts = check_url(url)
        host = str(parts.hostname)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = resolve(host, port)
    except AddressRefusedError as error:
        return Answer(None, str(error))
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
                "POST",
                target,
                body=body,
                headers={**headers, "Host": parts.netloc, "User-Agent": "WatchLLM-Webhooks/1"},
                retries=False,
                redirect=False,
                preload_content=False,
            )
            answer.release_conn()
            return Answer(answer.status, "")
    except urllib3.exceptions.HTTPError as error:
        return Answer(None, type(error).__name__)
