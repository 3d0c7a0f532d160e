"""Asking a provider whether it takes a key: one ``GET /models``, whose body is not read.

The address may be a customer's own, so this must not become a way into the network that the
dashboard stands in: only public addresses are asked (private ones in development), the name is
resolved once and that address is the one connected to, redirects are not followed, and nothing of
the answer but its status is shown.
"""

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from apps.projects import provider_addresses
from apps.projects.encryption import unseal
from apps.projects.models import ProviderCredential
from shared.addresses import is_public
from shared.envelope import EnvelopeError

_TIMEOUT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the person is told; ``ok`` when the key works."""

    ok: bool
    text: str


class _NotAskedError(Exception):
    """The address may not or cannot be asked; the message is for the person."""


def provider_check(credential: ProviderCredential) -> Verdict:
    """Never raises. Takes as long as the provider, five seconds at most."""
    name = credential.provider_name
    try:
        secret = unseal(
            credential.envelope,
            project_id=str(credential.project_id),
            keys=settings.ENCRYPTION_KEYS,
        )
    except EnvelopeError:
        return Verdict(
            ok=False, text="This key cannot be opened any more. Remove it and add it again."
        )
    base_url = credential.base_url or provider_addresses.ADDRESSES.get(credential.provider, "")
    try:
        status = _status(f"{base_url.rstrip('/')}/models", credential.provider, secret)
    except _NotAskedError as error:
        return Verdict(ok=False, text=str(error))
    except httpx.HTTPError:
        return Verdict(ok=False, text=f"{name} could not be reached.")
    return _verdict(name, status)


def _verdict(name: str, status: int) -> Verdict:
    if status == httpx.codes.OK:
        return Verdict(ok=True, text=f"{name} accepts this key.")
    if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        return Verdict(ok=False, text=f"{name} refuses this key (status {status}).")
    if status == httpx.codes.NOT_FOUND:
        return Verdict(
            ok=False, text=f"{name} has no model list at this address, so it cannot tell."
        )
    return Verdict(ok=False, text=f"{name} answered with status {status}. Try again later.")


def _status(url: str, provider: str, secret: str) -> int:
    parts = urlsplit(url)
    host = parts.hostname
    if host is None:
        raise _NotAskedError("This provider needs a base URL.")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    address = _address(host, port)
    shown = f"[{address}]" if ":" in address else address
    with (
        httpx.Client(timeout=_TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream(
            "GET",
            f"{parts.scheme}://{shown}:{port}{parts.path}",
            headers={"host": parts.netloc, **provider_addresses.headers(provider, secret)},
            # The certificate must be the name's, although an address is connected to.
            extensions={"sni_hostname": host},
        ) as response,
    ):
        return response.status_code


def _address(host: str, port: int) -> str:
    try:
        found = {
            str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
    except OSError:
        raise _NotAskedError(f"{host} is not a name that can be resolved.") from None
    if not settings.DEBUG and not all(map(is_public, found)):
        raise _NotAskedError(
            "This address is not public, so it is not asked from here. Send a request instead."
        )
    return min(found)
