"""Which requests are answered from live data or stored state, and so must never be cached.

What a provider's models and fields do is data of the provider (``registry.LIVE``). Every
provider's data counts for every request, because an endpoint of the customer's own may be any of
them, and a model may be served through another provider. Tools are judged the other way round: a
type is cacheable only if it is known that the client runs it, so a provider's new tool bypasses the
cache from its first day. An offline search is the exception: answers show whether it was used.
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase, translate
from functools import lru_cache
from typing import Any

from gateway.endpoints import stored_objects
from gateway.formats.base import Json, member
from gateway.providers.base import CHAT, MESSAGES, RESPONSES
from gateway.providers.registry import LIVE

CLIENT_TOOLS: dict[str, tuple[str, ...]] = {
    CHAT: ("function", "custom"),
    RESPONSES: (
        *("function", "custom", "apply_patch", "local_shell", "computer", "computer_use_preview"),
        *("shell", "namespace", "tool_search"),
    ),
    MESSAGES: ("custom", "bash_*", "text_editor_*", "computer_*", "memory_*"),
}
"""Endpoint → types of tools (patterns) whose calls the client answers itself.

Sources, read in November 2026: OpenAI's "Using tools" and "Create a model response"; Anthropic's
"Tool use", which calls the dated ones client tools. ``_is_clients`` says what three of OpenAI's
must have besides.
"""

_LIVE = tuple(LIVE.values())
_LIVE_FIELDS = tuple(path for live in _LIVE for path in live.fields)
_LIVE_MEMBERS = frozenset(path.partition(".")[0] for path in _LIVE_FIELDS)
_LIVE_MODELS = re.compile("|".join(translate(name) for live in _LIVE for name in live.models))
_FURTHER_MODELS = tuple({name: None for live in _LIVE for name in live.further_models})


def why_uncached(endpoint: str, body: Json, *models: str) -> str | None:
    """Why ``body`` must not be cached, if so. ``models``: the names it is asked for with."""
    if any(map(_looks_things_up, (*models, *_further_models(body)))):
        return "a model that looks things up"
    if not _LIVE_MEMBERS.isdisjoint(body):
        for path in _LIVE_FIELDS:
            if _is_set(member(body, path.split("."))):
                return f"live data or state: {path}"
    if not all(_is_clients(tool, endpoint) for tool in _items(body.get("tools"))):
        return "hosted tools"
    name = stored_objects.named(body)
    return None if name is None else f"state: {name}"


def _further_models(body: Json) -> Iterator[str]:
    """Models that may answer instead: names, or objects that name one as ``model``."""
    for field in _FURTHER_MODELS:
        for item in _items(body.get(field)):
            name = item.get("model") if isinstance(item, dict) else item
            if isinstance(name, str):
                yield name


@lru_cache(maxsize=1024)
def _looks_things_up(model: str) -> bool:
    return _LIVE_MODELS.match(model) is not None


def _is_clients(tool: Any, endpoint: str) -> bool:
    if not isinstance(tool, dict):
        return False
    kind = tool.get("type")
    match kind:
        case None:
            # Anthropic's own tools need no type; Mistral calls a function's optional.
            return endpoint == MESSAGES or isinstance(tool.get("function"), dict)
        case "shell":
            return bool(member(tool, ("environment", "type")) == "local")
        case "web_search":
            # Only an answer that did not use it is stored: ``formats.responses``.
            return endpoint == RESPONSES and tool.get("external_web_access") is False
        case "tool_search":
            return tool.get("execution") == "client"
        case "namespace":
            return all(_is_clients(inner, endpoint) for inner in _items(tool.get("tools")))
    known = CLIENT_TOOLS.get(endpoint, ())
    return isinstance(kind, str) and any(fnmatchcase(kind, pattern) for pattern in known)


def _is_set(value: Any) -> bool:
    """Whether a field has an effect. An empty object has one (``web_search_options: {}``)."""
    return value is not None and value is not False and value not in ("", [])


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
