"""``POST /v1/responses``. What refers to state at the provider passes through uncached."""

from gateway.endpoints import fields
from gateway.endpoints.generation import Generation
from gateway.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.formats.responses import ResponsesFormat
from gateway.providers.base import RESPONSES
from shared import hashing

_STATEFUL = ("previous_response_id", "conversation", "background", "store", "prompt")
_OWN_TOOLS = ("function", "custom")


def _check(body: Json) -> None:
    if not isinstance(body.get("input", ""), str | list):
        raise InvalidRequest("Invalid type for 'input'.", param="input")


def _uncached(body: Json) -> str | None:
    """Hosted tools (web search, file search, code …) look at a world outside the request."""
    items = body.get("input")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("type") == "item_reference":
            return "stateful: item_reference"
    return fields.hosted(body, _STATEFUL, _OWN_TOOLS)


GENERATION = Generation(
    endpoint=RESPONSES,
    format=ResponsesFormat(),
    identity=lambda body, defaults: hashing.responses_identity(body, openai_defaults=defaults),
    check=_check,
    uncached=_uncached,
    completion_limit=("max_output_tokens",),
)
handle = GENERATION.handle
