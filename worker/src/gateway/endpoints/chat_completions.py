"""``POST /v1/chat/completions``."""

from gateway.endpoints import fields
from gateway.endpoints.generation import GenerationEndpoint
from gateway.formats.base import Json
from gateway.formats.chat import ChatFormat
from gateway.providers.base import CHAT
from gateway.providers.registry import ENDINGS
from shared import hashing


def _check(body: Json) -> None:
    fields.required(body, "messages", "an array")


GENERATION = GenerationEndpoint(
    endpoint=CHAT,
    format=ChatFormat(ENDINGS),
    identity=lambda body, defaults: hashing.chat_identity(body, openai_defaults=defaults),
    check=_check,
    completion_limit=("max_completion_tokens", "max_tokens"),
    semantic=True,
)
handle = GENERATION.handle
