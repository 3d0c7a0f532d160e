"""``POST /v1/responses``. What refers to state at the provider passes through uncached."""

from gateway.endpoints.generation import Generation
from gateway.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.formats.responses import ResponsesFormat
from gateway.providers.base import RESPONSES
from shared import hashing

_STATEFUL = ("previous_response_id", "conversation", "background", "store", "prompt")
_OWN_TOOLS = frozenset({"function", "custom"})


def _check(body: Json) -> None:
    if not isinstance(body.get("input", ""), str | list):
        raise InvalidRequest("Invalid type for 'input'.", param="input")


def _uncached(body: Json) -> str | None:
    """Hosted tools (web search, file search, code …) look at a world outside the request."""
    for name in _STATEFUL:
        if body.get(name):
            return f"stateful: {name}"
    for tool in body.get("tools") or ():
        if not isinstance(tool, dict) or tool.get("type") not in _OWN_TOOLS:
            return "hosted tools"
    return None


GENERATION = Generation(
    endpoint=RESPONSES,
    format=ResponsesFormat(),
    identity=lambda body, defaults: hashing.responses_identity(body, openai_defaults=defaults),
    check=_check,
    uncached=_uncached,
    completion_limit=("max_output_tokens",),
)
