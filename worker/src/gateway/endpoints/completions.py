"""``POST /v1/completions`` (legacy)."""

from gateway.core.errors import InvalidRequest
from gateway.endpoints import fields
from gateway.endpoints.generation import GenerationEndpoint
from gateway.formats.base import Json
from gateway.formats.completions import CompletionsFormat
from gateway.providers.base import COMPLETIONS
from gateway.providers.registry import ENDINGS
from shared import hashing


def _check(body: Json) -> None:
    if not isinstance(body.get("prompt", ""), str | list):
        raise InvalidRequest("Invalid type for 'prompt'.", param="prompt")
    fields.sizes(body, {"prompt": fields.MOST_INPUTS})


GENERATION = GenerationEndpoint(
    endpoint=COMPLETIONS,
    format=CompletionsFormat(ENDINGS),
    identity=lambda body, defaults: hashing.completion_identity(body, openai_defaults=defaults),
    check=_check,
    completion_limit=("max_tokens",),
)
handle = GENERATION.handle
