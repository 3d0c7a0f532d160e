"""Bodies of OpenAI's ``/v1/chat/completions``: tools and output format, then messages."""

from collections.abc import Mapping
from typing import Any

from gateway.prompt_cache.split import Blocks, Dialect, LeftAlone, Place, replaced

_MARKER = "prompt_cache_breakpoint"
_OWN = ("prompt_cache_options", "prompt_cache_retention")
_KINDS = {"system": "system", "developer": "system", "user": "user", "tool": "tool_result"}
_EXPLICIT = {"mode": "explicit"}


def split(body: Mapping[str, Any]) -> Blocks:
    """Raises ``LeftAlone``, also where the caller marks: the mode is the whole request's."""
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise LeftAlone
    if any(body.get(name) is not None for name in _OWN):
        raise LeftAlone
    blocks = Blocks()
    if body.get("tools"):
        blocks.add("tools", "", [body["tools"], body.get("response_format")], ("tools",))
    for index, message in enumerate(messages):
        if not isinstance(message, dict):
            raise LeftAlone
        role = message.get("role")
        kind, content = _KINDS.get(str(role)), message.get("content")
        place = ("messages", index, "content")
        if kind is None:
            # An assistant's words and calls: nothing of them can be marked.
            blocks.add("assistant", "", message, place)
        elif isinstance(content, str):
            about = [role, message.get("name"), message.get("tool_call_id")]
            blocks.add(kind if content else "unmarked", str(about), content, place)
        elif isinstance(content, list) and content:
            about = [role, message.get("name"), message.get("tool_call_id")]
            _parts(blocks, kind, str(about), content, place)
        else:
            raise LeftAlone
    return blocks


def marked(body: Mapping[str, Any], markers: Mapping[Place, int], root: str) -> dict[str, Any]:
    """See ``Dialect``. Explicit also without a marker: then nothing is written, and nothing costs
    more than the input. ``root`` is the key by which OpenAI finds a cache, unless there is one."""
    copy = dict(body)
    for place in markers:

        def mark(content: Any) -> Any:
            if isinstance(content, str):
                return [{"type": "text", "text": content, _MARKER: _EXPLICIT}]
            return {**content, _MARKER: _EXPLICIT}

        copy = replaced(copy, place, mark)
    copy["prompt_cache_options"] = _EXPLICIT
    copy.setdefault("prompt_cache_key", root)
    return copy


DIALECT = Dialect(split, marked)


def _parts(blocks: Blocks, kind: str, about: str, parts: list[Any], place: Place) -> None:
    for index, part in enumerate(parts):
        if not isinstance(part, dict) or part.get(_MARKER) is not None:
            raise LeftAlone
        plain = part.get("type") == "text" and part.keys() == {"type", "text"}
        content = part["text"] if plain and isinstance(part["text"], str) else part
        blocks.add(kind if content else "unmarked", about, content, (*place, index))
