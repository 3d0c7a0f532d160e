"""Objects that a provider keeps in an account: files, responses, conversations, containers, skills.

A request that names one is answered from what the provider keeps, so it is never cached. With the
deployment's key every project uses one account, so a request must not name them at all: it could
name another project's. Sources: the API references of OpenAI, Anthropic, Google (OpenAI
compatibility), Mistral and xAI, November 2026.
"""

from typing import Any

from gateway.core.errors import ProviderNotConfigured
from gateway.core.settings import Settings
from gateway.formats.base import Json
from gateway.providers.base import Provider
from shared.key_record import KeyRecord

_BY_NAME = frozenset(
    {
        *("file_id", "file_ids", "vector_store_id", "vector_store_ids", "collection_ids"),
        "library_ids",
        *("previous_response_id", "previous_message_id", "conversation"),
        *("container", "container_id", "skill_id", "cached_content", "cachedContent"),
    }
)
"""Members whose value names an object: a text, a list, or an object with an ``id``. Another object
describes what is to be made (``{"type": "auto"}``)."""
_BY_ID = frozenset({"prompt", "voice", "audio", "thread"})
"""Members that name one only by an object with an ``id``: else they are a text, a name of the
provider's own, or a setting."""
_NAMES = _BY_NAME | _BY_ID
_LOOKED_UP: dict[str, tuple[str, ...]] = {
    "item_reference": (),
    "reasoning": ("encrypted_content", "content", "summary"),
    "compaction": ("encrypted_content",),
    "image_generation_call": ("result",),
}
"""Items by type that are looked up by their ``id`` where none of these members has the content."""
_OPAQUE = frozenset(
    {
        *("parameters", "parameters_json_schema", "input_schema", "output_schema", "schema"),
        *("input_examples", "guided_json"),
        *("arguments", "action"),
        *("metadata", "client_metadata"),
    }
)
"""Members in which a provider looks nothing up, whose own members may have any names: JSON schemas
and examples of tools, arguments of tool calls, notes of the caller."""
_NESTED = (dict, list)
_TOOL_CALL = "tool_use"
"""Types of blocks that end so hold a call's arguments in ``input``."""
_OF_EVERYBODY = ("skill_id", "anthropic")
"""The ``type`` of skills that are in every account."""


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


def check_account(body: Json, record: KeyRecord, settings: Settings, provider: Provider) -> None:
    """Raises ``ProviderNotConfigured`` for a body that names a stored object in an account that
    several projects share."""
    if not own_account(record, settings, provider) and named(body) is not None:
        raise own_key_needed(provider)


def named(body: Any) -> str | None:
    """By which member, or type of item, a body refers to something that is kept in the provider's
    account, at any depth; ``None`` where it does not. Each value is looked at once."""
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += [part for part in value if isinstance(part, _NESTED)]
            continue
        kind = value.get("type")
        kind = kind if isinstance(kind, str) else ""
        if kind in _LOOKED_UP and _is_looked_up(value, kind):
            return kind
        if not _NAMES.isdisjoint(value):
            for name, part in value.items():
                if name in _NAMES and _names_object(name, part, kind):
                    return str(name)
        for name, part in value.items():
            if isinstance(part, _NESTED) and name not in _OPAQUE:
                if name == "input":
                    if kind.endswith(_TOOL_CALL):
                        continue
                    if _has_bare_id(part):
                        return "item_reference"
                waiting.append(part)
    return None


def _names_object(name: str, part: Any, kind: str) -> bool:
    if isinstance(part, dict):
        return bool(part.get("id"))
    if name == "voice":
        return isinstance(part, str) and part.startswith("voice_")
    return name in _BY_NAME and bool(part) and (name, kind) != _OF_EVERYBODY


def _is_looked_up(item: Json, kind: str) -> bool:
    return bool(item.get("id")) and not any(item.get(name) for name in _LOOKED_UP[kind])


def _has_bare_id(items: Any) -> bool:
    """Whether a conversation has an item of nothing but an ``id``: the type of a reference may be
    left out."""
    return isinstance(items, list) and any(
        isinstance(item, dict)
        and "id" in item
        and not item.keys() - {"id", "type"}
        and not item.get("type")
        for item in items
    )
