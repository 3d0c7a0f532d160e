"""The provider keys of a request: the project's own (BYOK) by priority, else the deployment's."""

from dataclasses import dataclass, field

from gateway.core import errors
from gateway.core.log import log_event
from gateway.providers.base import Provider
from gateway.providers.context import UpstreamContext
from gateway.providers.sticky_keys import ordered
from shared import envelope
from shared.key_record import Credential, KeyRecord


@dataclass(frozen=True, slots=True)
class ProviderKey:
    """``base_url`` without a slash at its end; ``public_only``: a customer chose it. ``id``: of the
    project's own."""

    secret: str = field(repr=False)
    base_url: str
    public_only: bool = False
    id: str = ""
    priority: int = 0

    @property
    def rank(self) -> tuple[int, str]:
        """Keys of one priority and address are equal."""
        return self.priority, self.base_url


async def keys_for(
    context: UpstreamContext, provider: Provider, prefix: str = ""
) -> list[ProviderKey]:
    """At least one key. Raises ``ProviderNotConfigured``.

    A project that brought its own keys is never served with the deployment's. ``prefix``: the hash
    of what the prompt begins with, where equal keys are to be chosen by it.
    """
    base_url = context.settings.provider_base_urls[provider.name]
    own = [item for item in context.record.credentials if item.provider == provider.name]
    keys = []
    for credential in own:
        secret = await _open(context, credential)
        if secret is not None:
            address = (credential.base_url or base_url).rstrip("/")
            chosen = credential.base_url is not None and not context.settings.byok_private_addresses
            keys.append(ProviderKey(secret, address, chosen, credential.id, credential.priority))
    if not own and provider.name in context.settings.provider_keys:
        keys.append(ProviderKey(context.settings.provider_keys[provider.name], base_url))
    if not keys or not keys[0].base_url:
        raise errors.ProviderNotConfigured(
            f"No API key for the provider '{provider.name}' is configured for this project."
        )
    if prefix and len(keys) > 1:
        memory, now = context.memory, context.platform.monotonic()
        refused = {key.id for key in keys if memory.key_is_refused(key.id, now)}
        return ordered(keys, prefix, refused)
    return keys


def source(record: KeyRecord, provider: Provider) -> str:
    """Who answers, as a part of the cache key: the provider, and the project's own base URL if it
    has one. Two servers may give different answers under one model name. Answers to a project's
    further keys count as answers to its first.
    """
    own = (item for item in record.credentials if item.provider == provider.name)
    address = next((item.base_url for item in own), None)
    return f"{provider.name} {address.rstrip('/')}" if address else provider.name


async def _open(context: UpstreamContext, credential: Credential) -> str | None:
    """The key in clear, remembered for this process by its envelope and what it is bound to."""
    opened = context.memory.opened_keys
    try:
        sealed = envelope.parse(credential.envelope)
        aad = envelope.credential_aad(
            sealed.version, context.record.project_id, credential.provider, credential.base_url
        )
        secret = opened.get((credential.envelope, aad))
        if secret is not None:
            return secret
        master = context.settings.encryption_keys[sealed.key_id]
        payload = sealed.nonce + sealed.sealed
        secret = (await context.platform.unseal(master, payload, aad)).decode()
    except (ValueError, KeyError) as error:
        log_event(
            "credential_unreadable", "error", credential=credential.id, reason=type(error).__name__
        )
        return None
    if len(opened) >= 10_000:
        opened.clear()
    opened[credential.envelope, aad] = secret
    return secret
