"""Objects that a provider keeps in an account: files, responses, conversations, containers.

With the deployment's key every project uses one account, so a request must not name them: it could
name another project's. Source: OpenAI's and Anthropic's API references, November 2026.
"""

from typing import Any

from gateway.core.errors import ProviderNotConfigured
from gateway.core.settings import Settings
from gateway.endpoints.live_data import state_in_conversation
from gateway.formats.base import Json
from gateway.providers.base import Provider
from shared.key_record import KeyRecord

_NAMES_OBJECT = frozenset(
    {
        *("file_id", "file_ids", "previous_response_id", "conversation", "container"),
        *("vector_store_ids", "previous_message_id"),
    }
)
_HOLDS_OBJECT = ("thread",)
"""Fields whose members name one: Anthropic's ``thread`` continues from a message."""
_MAY_NAME_OBJECT = frozenset({"prompt", "voice"})
"""Fields that are a text or a name of the provider's own, or an object with the ``id`` of a stored
one."""


def own_account(record: KeyRecord, settings: Settings, provider: Provider) -> bool:
    """Whether the account is the project's alone, or the deployment says that all may share it."""
    return settings.shared_provider_files or any(
        credential.provider == provider.name for credential in record.credentials
    )


def own_key_needed(
    provider: Provider, what: str = "This request names a stored object, so that it"
) -> ProviderNotConfigured:
    """The error of a request that needs an account of its own; ``what`` begins its sentence."""
    return ProviderNotConfigured(
        f"{what} needs a key of your own for the provider '{provider.name}': in the account of "
        "this deployment's key, stored objects are everybody's."
    )


def are_named_by_generation(body: Json) -> bool:
    """Whether a generation builds on a stored object: in its own fields, its tools, or an item or
    part of its conversation."""
    fields = {name: body.get(name) for name in (*_NAMES_OBJECT, *_MAY_NAME_OBJECT, *_HOLDS_OBJECT)}
    tools = body.get("tools")
    own = [_own_fields(tool) for tool in tools] if isinstance(tools, list) else []
    return are_named([fields, own]) or state_in_conversation(body) is not None


def _own_fields(tool: Any) -> Json:
    """Without the schema of a function, whose parameters may have any names."""
    known = tool if isinstance(tool, dict) else {}
    return {name: known[name] for name in _NAMES_OBJECT if name in known}


def are_named(body: Any) -> bool:
    """Whether a body, at any depth, refers to something that is kept in the provider's account."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            if value.get("type") == "item_reference":
                return True
            for name, part in value.items():
                kept = isinstance(part, dict) and "id" in part
                kept = kept or (isinstance(part, str) and part.startswith("voice_"))
                other = isinstance(part, dict) and not kept  # {"type": "auto"} makes a new one
                if (name in _NAMES_OBJECT and part and not other) or (
                    name in _MAY_NAME_OBJECT and kept
                ):
                    return True
            waiting += value.values()
    return False
