"""Bodies of Anthropic's ``/v1/messages``: tools, then system, then messages."""

import json
from collections.abc import Mapping
from typing import Any

from gateway.prompt_cache.split import Blocks, Dialect, LeftAlone, Place, replaced
from gateway.providers.prompt_cache_rules import FIVE_MINUTES, HOUR

_MARKER = "cache_control"
_LIFETIMES = {None: FIVE_MINUTES, "5m": FIVE_MINUTES, "1h": HOUR}
_MARKERS = {FIVE_MINUTES: {"type": "ephemeral"}, HOUR: {"type": "ephemeral", "ttl": "1h"}}
_KINDS = {
    **dict.fromkeys(("tool_use", "server_tool_use", "mcp_tool_use"), "tool_use"),
    **dict.fromkeys(("thinking", "redacted_thinking"), "unmarked"),
    "tool_result": "tool_result",
}
"""By the type of a block, where it is not that of the turn."""
_SETTINGS = ("tool_choice", "thinking", "output_config")
"""What changes the hashes of messages, but not those of tools and system."""


def split(body: Mapping[str, Any]) -> Blocks:
    """Raises ``LeftAlone``."""
    blocks = Blocks()
    tools, system, messages = body.get("tools"), body.get("system"), body.get("messages")
    if isinstance(tools, list) and tools:
        _tools(blocks, tools)
    if isinstance(system, str) and system:
        blocks.add("system", "", system, ("system",))
    elif isinstance(system, list):
        for index, block in enumerate(system):
            _block(blocks, "system", "", block, ("system", index))
    if not isinstance(messages, list) or not messages:
        raise LeftAlone
    label = json.dumps([body.get(name) for name in _SETTINGS])
    for index, turn in enumerate(messages):
        _turn(blocks, label, turn, ("messages", index, "content"))
        label = ""
    if body.get(_MARKER) is not None:
        _automatic(blocks, body[_MARKER])
    if not blocks.kinds:
        raise LeftAlone
    return blocks


def marked(body: Mapping[str, Any], markers: Mapping[Place, int], root: str) -> dict[str, Any]:
    """See ``Dialect``."""
    del root  # only OpenAI routes by it
    copy = dict(body)
    for place, lifetime in markers.items():
        marker = _MARKERS[lifetime]
        automatic = copy.get(_MARKER)
        if automatic is not None and place == _last_place(body):
            # The caller's marker at the top stands on this block.
            copy[_MARKER] = {**automatic, **marker}
            continue

        def mark(block: Any, marker: dict[str, str] = marker) -> Any:
            if isinstance(block, str):
                return [{"type": "text", "text": block, _MARKER: marker}]
            kept = block.get(_MARKER)
            if kept is not None and _lifetime(kept) == _lifetime(marker):
                return block
            return {**block, _MARKER: marker}

        copy = replaced(copy, place, mark)
    return copy


DIALECT = Dialect(split, marked)


def _tools(blocks: Blocks, tools: list[Any]) -> None:
    if not all(isinstance(tool, dict) for tool in tools):
        raise LeftAlone
    if any(tool.get(_MARKER) is not None for tool in tools[:-1]):
        raise LeftAlone
    blocks.add("tools", "", [*tools[:-1], _unmarked(tools[-1])], ("tools", len(tools) - 1))
    if tools[-1].get(_MARKER) is not None:
        blocks.mark(_lifetime(tools[-1][_MARKER]))


def _turn(blocks: Blocks, label: str, turn: Any, place: Place) -> None:
    role, content = (turn.get("role"), turn.get("content")) if isinstance(turn, dict) else ("", "")
    if role not in ("user", "assistant", "system"):
        raise LeftAlone
    # A system message among the turns belongs to them.
    kind = "unmarked" if role == "system" else role
    label = f"{role}{label}"
    if isinstance(content, str):
        blocks.add(kind if content else "unmarked", label, content, place)
        return
    if not isinstance(content, list):
        raise LeftAlone
    for index, block in enumerate(content):
        _block(blocks, kind, label, block, (*place, index))
        label = role


def _block(blocks: Blocks, kind: str, label: str, block: Any, place: Place) -> None:
    if not isinstance(block, dict):
        raise LeftAlone
    given = block.get("type")
    content: Any = block
    marker = block.get(_MARKER)
    if marker is not None:
        content = _unmarked(block)
    if given == "text":
        if len(content) == 2:
            # As a string of the same text, which it is when it carries no marker.
            content = content.get("text")
            if not isinstance(content, str):
                raise LeftAlone
        if not content:
            kind = "unmarked"
    else:
        kind = _KINDS.get(given, kind) if given else "unmarked"
        if kind == "tool_result" and isinstance(block.get("content"), list):
            _check_nested(block["content"])
    blocks.add(kind, label, content, place)
    if marker is not None:
        blocks.mark(_lifetime(marker))


def _check_nested(content: list[Any]) -> None:
    for part in content:
        if isinstance(part, dict) and part.get(_MARKER) is not None:
            raise LeftAlone


def _automatic(blocks: Blocks, marker: Any) -> None:
    """The marker at the top stands on the last block that can carry one."""
    last = len(blocks.kinds) - 1
    if blocks.kinds[last] == "unmarked":
        raise LeftAlone
    if last not in blocks.markers:
        blocks.mark(_lifetime(marker))


def _last_place(body: Mapping[str, Any]) -> Place:
    index = len(body["messages"]) - 1
    content = body["messages"][index]["content"]
    place = ("messages", index, "content")
    return place if isinstance(content, str) else (*place, len(content) - 1)


def _unmarked(block: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in block.items() if name != _MARKER}


def _lifetime(marker: Any) -> int:
    lifetime = _LIFETIMES.get(marker.get("ttl")) if isinstance(marker, dict) else None
    if lifetime is None:
        raise LeftAlone
    return lifetime
