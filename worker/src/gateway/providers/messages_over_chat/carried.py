"""Content that a provider wants back with the next request, for which Anthropic's messages have no
place.

Gemini signs its thoughts and puts the signature into ``extra_content`` of the tool call that they
led to, or of the message; a request that repeats the call without it is refused (Google, "Thought
signatures", from memory; Vertex AI names its member ``vertex``). OpenRouter has signed and
encrypted thoughts of every model in ``reasoning_details`` of the message ("Reasoning tokens", from
memory). All of it travels through Anthropic's clients as ``redacted_thinking``, the one block
whose ``data`` they keep without looking at it, and goes back only to the provider that it came
from: others refuse members that they do not know.
"""

import base64
from collections.abc import Iterable
from typing import Any, NamedTuple

from gateway.core import strict_json
from gateway.formats.base import MALFORMED, Json
from gateway.formats.chat_replay import details_in_pieces
from gateway.formats.merge import joined, merge_delta
from gateway.formats.pieces import groups

_PREFIX = "watchllm:"
_DETAILS = "reasoning_details"
_EXTRA = "extra_content"
_MOST = 16_000
"""About how many characters one block carries: it is one line of a stream, and clients refuse lines
of 64 KB."""


class Carried(NamedTuple):
    """What one block carries: members of the call ``call_id``, or of its message. ``provider``:
    whose; empty in blocks of older releases."""

    provider: str
    call_id: str | None
    members: Json


def of_call(provider: str, call_id: Any, extra: Any) -> Json:
    """The block that carries ``extra_content`` of a call."""
    return _block({"provider": provider, "id": call_id, _EXTRA: extra})


def of_message(provider: str, said: Json) -> list[Json]:
    """The blocks that carry what ``said``, a message, wants back of itself."""
    made: list[Json] = []
    if is_signed(said.get(_EXTRA)):
        made.append(_block({"provider": provider, "message": {_EXTRA: said[_EXTRA]}}))
    details = said.get(_DETAILS)
    if isinstance(details, list) and any(map(_is_sealed, details)):
        made += [
            _block({"provider": provider, "message": {_DETAILS: group}})
            for group in groups(details_in_pieces(details), _MOST)
        ]
    return made


def is_signed(extra: Any) -> bool:
    """Whether ``extra_content`` of a message has a signature; Gemini's other marks say what the
    text is."""
    vendors = extra.values() if isinstance(extra, dict) else ()
    return any(isinstance(told, dict) and told.get("thought_signature") for told in vendors)


def growing(delta: Json) -> Json:
    """The members of a delta that may be carried, once they are whole."""
    return {name: delta[name] for name in (_DETAILS, _EXTRA) if delta.get(name)}


def of(given: Json) -> Carried | None:
    """What a block made here carries; ``None`` for any other."""
    data = given.get("data")
    if not isinstance(data, str) or not data.startswith(_PREFIX):
        return None
    try:
        told = strict_json.request(base64.b64decode(data.removeprefix(_PREFIX)).decode())
        provider = str(told.get("provider") or "")
        if isinstance(told.get("id"), str):
            return Carried(provider, told["id"], {_EXTRA: told[_EXTRA]})
        return Carried(provider, None, growing(told["message"]))
    except MALFORMED:
        return None


def whole(parts: Iterable[Json]) -> Json:
    """The members that several blocks of one message carry, in their order."""
    made: Json = {}
    details: list[Any] = []
    for part in parts:
        made |= {name: value for name, value in part.items() if name != _DETAILS}
        given = part.get(_DETAILS)
        for item in given if isinstance(given, list) else ():
            if details and _continues(details[-1], item):
                merge_delta(details[-1], item)
            else:
                details.append(dict(item) if isinstance(item, dict) else item)
    if details:
        made[_DETAILS] = joined(details)
    return made


def _continues(last: Any, item: Any) -> bool:
    """Whether ``item`` is another piece of ``last``; pieces of one item follow each other."""
    if not isinstance(last, dict) or not isinstance(item, dict) or "index" not in item:
        return False
    return all(last.get(name) == item.get(name) for name in ("index", "type"))


def _is_sealed(detail: Any) -> bool:
    """Whether a detail is signed or encrypted. Others are the reasoning's text once more."""
    return isinstance(detail, dict) and bool(detail.get("signature") or detail.get("data"))


def _block(told: Json) -> Json:
    data = strict_json.dumps(told).encode("utf-8", "surrogatepass")
    return {"type": "redacted_thinking", "data": _PREFIX + base64.b64encode(data).decode()}
