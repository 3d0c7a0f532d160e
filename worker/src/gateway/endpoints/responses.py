"""``POST /v1/responses``. What refers to state at the provider passes through uncached."""

from gateway.core.errors import InvalidRequest
from gateway.endpoints.generation import GenerationEndpoint
from gateway.formats.base import Json
from gateway.formats.responses import ResponsesFormat
from gateway.providers.base import RESPONSES
from shared import hashing


def _check(body: Json) -> None:
    if not isinstance(body.get("input", ""), str | list):
        raise InvalidRequest("Invalid type for 'input'.", param="input")


GENERATION = GenerationEndpoint(
    endpoint=RESPONSES,
    format=ResponsesFormat(),
    identity=lambda body, defaults: hashing.responses_identity(body, openai_defaults=defaults),
    check=_check,
    completion_limit=("max_output_tokens",),
)
handle = GENERATION.handle
