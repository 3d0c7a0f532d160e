"""Anthropic. API reference: platform.claude.com/docs/en/api."""

from gateway.core.http import Headers
from gateway.formats.base import Json
from gateway.providers.base import (
    CHAT,
    COUNT_TOKENS,
    MESSAGES,
    MODELS,
    Capabilities,
    LiveData,
    Provider,
    Translation,
    same_paths,
)
from gateway.providers.prompt_cache_rules import ANTHROPIC

VERSION = "2023-06-01"
"""The API version for callers who name none. Not 2026-10-21: that version refuses ``temperature``
and ``top_p`` at any value, for every model, and chat clients send them."""


class Anthropic(Provider):
    """Anthropic's own protocol: its key header, and a version with every request."""

    def prepared(self, endpoint: str, body: Json) -> Json:
        """Removes thinking blocks of other providers' models, and replaces their ids of calls. A
        conversation may have begun with such a model, and Anthropic refuses blocks that it has not
        signed, and ids of another form."""
        if endpoint != MESSAGES or not isinstance(body.get("messages"), list):
            return body
        from gateway.providers.anthropic import call_ids, foreign_thoughts

        return call_ids.replaced(foreign_thoughts.without(body))

    def headers(self, api_key: str) -> Headers:
        """The provider's authentication."""
        return [("x-api-key", api_key), ("anthropic-version", VERSION)]


def _chat() -> Translation:
    from gateway.providers.anthropic.translation import ChatOverMessages

    return ChatOverMessages()


def _models() -> Translation:
    from gateway.providers.anthropic.translation import ModelList

    return ModelList()


PROVIDER = Anthropic(
    Capabilities(
        name="anthropic",
        stream_usage=True,  # for chats: its translation knows the option
        base_url="https://api.anthropic.com/v1",
        paths={**same_paths(MESSAGES, COUNT_TOKENS), MODELS: f"{MODELS}?limit=1000"},
        translations={CHAT: _chat, MODELS: _models},
        model_prefixes=("claude-",),
        request_headers=("anthropic-version", "anthropic-beta"),
        passed_through=("/v1/files", "/v1/messages/batches"),
        own_paths=("/v1/messages/batches",),
        live=LiveData(
            fields=("container", "mcp_servers", "thread"),
            source="Anthropic, Tool reference; anthropic 2.14.0 (PyPI), `thread` (read 2026-12)",
        ),
        prompt_cache=ANTHROPIC,
    )
)
