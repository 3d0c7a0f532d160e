"""Content that a provider wants back with the next request, for which Anthropic's messages have no
place.

Gemini signs its thoughts and puts the signature into ``extra_content`` of the tool call that they
led to; a request that repeats the call without it is refused (Google, "Thought signatures",
read 2026-12). It travels through Anthropic's clients as ``redacted_thinking``, the one block whose
``data`` they keep without looking at it.
"""

import base64
from typing import Any

from gateway.core import strict_json
from gateway.formats.base import MALFORMED, Json

_PREFIX = "watchllm:"


def block(call_id: Any, extra: Any) -> Json:
    """The block that carries ``extra`` of the call that follows it."""
    data = strict_json.dumps({"id": call_id, "extra_content": extra})
    return {
        "type": "redacted_thinking",
        "data": _PREFIX + base64.b64encode(data.encode("utf-8", "surrogatepass")).decode(),
    }


def of(given: Json) -> tuple[str, Json] | None:
    """The call's id and its extra content, from a block made here; ``None`` for any other."""
    data = given.get("data")
    if not isinstance(data, str) or not data.startswith(_PREFIX):
        return None
    try:
        told = strict_json.request(base64.b64decode(data.removeprefix(_PREFIX)).decode())
        identifier, extra = told["id"], told["extra_content"]
    except MALFORMED:
        return None
    return (identifier, extra) if isinstance(identifier, str) else None
