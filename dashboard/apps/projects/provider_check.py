"""Asking a provider whether it takes a key: one ``GET /models``, whose body is not read.

The address may be a customer's own, so it is asked by ``apps.outgoing.guarded``: private addresses
in development only.
"""

from dataclasses import dataclass
from http import HTTPStatus

from django.conf import settings

from apps.outgoing import guarded
from apps.projects import provider_addresses
from apps.projects.encryption import unseal_credential
from apps.projects.models import ProviderCredential
from shared.envelope import EnvelopeError


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the person is told; ``ok`` when the key works."""

    ok: bool
    text: str


def provider_check(credential: ProviderCredential) -> Verdict:
    """Never raises. Takes as long as the provider, fifteen seconds if it does not answer."""
    name = credential.provider_name
    try:
        secret = unseal_credential(
            credential.envelope,
            project_id=str(credential.project_id),
            provider=credential.provider,
            base_url=credential.base_url,
            keys=settings.ENCRYPTION_KEYS,
        )
    except EnvelopeError:
        return Verdict(
            ok=False, text="This key cannot be opened any more. Remove it and add it again."
        )
    base_url = credential.base_url or provider_addresses.ADDRESSES.get(credential.provider, "")
    if not base_url:
        return Verdict(ok=False, text="This provider needs a base URL.")
    headers = provider_addresses.headers(credential.provider, secret)
    try:
        parts = guarded.parse(f"{base_url.rstrip('/')}/models", schemes=("https", "http"))
        status = guarded.ask("GET", parts, headers, private=settings.DEBUG)
    except guarded.NotPublicError:
        return Verdict(
            ok=False,
            text="This address is not public, so it is not asked from here. Send a request "
            "instead.",
        )
    except guarded.AddressRefusedError as error:
        return Verdict(ok=False, text=str(error))
    except guarded.UnreachableError:
        return Verdict(ok=False, text=f"{name} could not be reached.")
    return _verdict(name, status)


def _verdict(name: str, status: int) -> Verdict:
    if status == HTTPStatus.OK:
        return Verdict(ok=True, text=f"{name} accepts this key.")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return Verdict(ok=False, text=f"{name} refuses this key (status {status}).")
    if status == HTTPStatus.NOT_FOUND:
        return Verdict(
            ok=False, text=f"{name} has no model list at this address, so it cannot tell."
        )
    return Verdict(ok=False, text=f"{name} answered with status {status}. Try again later.")
