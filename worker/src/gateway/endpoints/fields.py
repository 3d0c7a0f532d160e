"""Checks of request fields that the gateway itself relies on; all others are the provider's."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.core.errors import InvalidRequest
from gateway.formats.base import MOST_TOKENS
from gateway.pipeline.request_context import RequestContext
from gateway.providers.base import Provider
from shared.normalization import number
from shared.request_fields import ANSWER_HEADERS

MOST_CHARACTERS = 256
"""The most characters of a model's name, and of other values that become part of a Redis key."""
MOST_ITEMS: Mapping[str, int] = {
    "messages": 20_000,
    "input": 20_000,
    "tools": 1_024,
    "functions": 1_024,
    "logit_bias": 2_048,
}
"""Field → how many items its array or object may have. Far beyond what any model reads (OpenAI
takes 128 tools), and little enough to walk. ``docs/public/limits.md`` shows this table."""
MOST_INPUTS = 2_048
"""Texts, or arrays of tokens, in one request for embeddings or completions. OpenAI's own limit."""


def sizes(body: dict[str, Any], most: Mapping[str, int] = MOST_ITEMS) -> None:
    """Raises ``InvalidRequest`` for arrays and objects of more items than ``most`` allows."""
    for name, limit in most.items():
        value = body.get(name)
        if isinstance(value, list | dict) and len(value) > limit and not _is_tokens(value):
            raise InvalidRequest(
                f"Invalid '{name}': {len(value):,} items, where at most {limit:,} are allowed.",
                param=name,
            )


def _is_tokens(value: Any) -> bool:
    """One text as tokens, which is bounded by the values that a body may have."""
    return isinstance(value, list) and isinstance(value[0], int)


def model(body: dict[str, Any]) -> str:
    """The model's name. Raises ``InvalidRequest``."""
    value = body.get("model")
    if not isinstance(value, str) or not value.strip():
        raise InvalidRequest("you must provide a model parameter", param="model")
    if len(value) > MOST_CHARACTERS:
        raise InvalidRequest(
            f"Invalid 'model': longer than {MOST_CHARACTERS} characters.", param="model"
        )
    if not value.isprintable():  # also what PostgreSQL cannot store in the usage row
        raise InvalidRequest("Invalid 'model': not a printable name.", param="model")
    return value


_KINDS = {"an array": list, "a string": str, "an object": dict}


def required(body: dict[str, Any], name: str, kind: str) -> None:
    """Raises ``InvalidRequest`` when ``name`` is missing or not ``kind`` (a name of ``_KINDS``)."""
    if name not in body:
        raise InvalidRequest(f"Missing required parameter: '{name}'.", param=name)
    if not isinstance(body[name], _KINDS[kind]):
        raise InvalidRequest(f"Invalid type for '{name}': expected {kind}.", param=name)


def stream(body: dict[str, Any]) -> bool:
    """Whether a stream was asked for. Raises ``InvalidRequest`` for anything but a boolean."""
    value = body.get("stream")
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest("Invalid type for 'stream': expected a boolean.", param="stream")
    return bool(value)


def token_limit(body: dict[str, Any], names: Sequence[str]) -> int:
    """The most tokens that the answer may have, by the first of ``names`` that is set; 0 when none
    is, or when it is negative, as some servers write "no limit".

    Raises ``InvalidRequest`` for numbers that no server takes, because the gateway computes with
    this one. Values of another type are left for the provider to refuse.
    """
    name = next((name for name in names if body.get(name) is not None), None)
    value = None if name is None else number(body[name])
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    if abs(value) > MOST_TOKENS:
        raise InvalidRequest(
            f"Invalid '{name}': expected an integer of at most {MOST_TOKENS:,}.", param=name
        )
    return max(0, value)


def served(provider: Provider, endpoint: str) -> None:
    """Raises ``InvalidRequest`` when ``provider`` has no such endpoint."""
    if not provider.supports(endpoint):
        raise InvalidRequest(
            f"The provider '{provider.name}' does not serve /v1{endpoint}.", param="model"
        )


def answer_headers(context: RequestContext) -> dict[str, str]:
    """Request headers that are part of the cache key."""
    return {
        name: value
        for name in ANSWER_HEADERS
        if (value := context.caller.request.header(name)) is not None
    }
