"""Anthropic's ``tools`` and ``tool_choice`` as those of a chat completion request."""

from collections.abc import Iterator
from typing import Any

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.providers.messages_over_chat.calls import CallLabels
from gateway.providers.messages_over_chat.fields import given

_CHOICES = {"auto": "auto", "any": "required", "none": "none"}


def take(body: Json, made: Json, labels: CallLabels) -> None:
    """Put what the caller offers into ``made``. Raises ``InvalidRequest``."""
    offered = [
        _tool(tool, f"tools.{index}", labels)
        for index, tool in _loaded(given(body, "tools", list) or [], body["messages"])
    ]
    if offered:
        made["tools"] = offered
    choice = body.get("tool_choice")
    if choice is None:
        return
    kind = choice.get("type") if isinstance(choice, dict) else None
    if kind == "tool":
        made["tool_choice"] = {
            "type": "function",
            "function": {"name": labels.name(choice.get("name"))},
        }
    elif isinstance(kind, str) and kind in _CHOICES:
        made["tool_choice"] = _CHOICES[kind]
    else:
        raise InvalidRequest(
            "tool_choice: Input should be 'auto', 'any', 'tool' or 'none'.", param="tool_choice"
        )
    if choice.get("disable_parallel_tool_use"):
        made["parallel_tool_calls"] = False


def _loaded(tools: list[Any], messages: list[Json]) -> Iterator[tuple[int, Any]]:
    """The tools that the model may see, with their indexes.

    One with ``defer_loading`` is hidden until a tool's result refers to it (Anthropic, Tool search
    tool, read 2026-12). Claude Code finds its own in this way.
    """
    known = set(_references(messages))
    for index, tool in enumerate(tools):
        hidden = isinstance(tool, dict) and tool.get("defer_loading") is True
        if not hidden or tool.get("name") in known:
            yield index, tool


def _references(messages: list[Json]) -> Iterator[str]:
    for message in messages:
        for block in _objects(message.get("content")):
            if block.get("type") == "tool_result":
                for item in _objects(block.get("content")):
                    if isinstance(name := item.get("tool_name"), str):
                        yield name


def _objects(content: Any) -> Iterator[Json]:
    if isinstance(content, list):
        yield from (block for block in content if isinstance(block, dict))


def _tool(tool: Any, where: str, labels: CallLabels) -> Json:
    if not isinstance(tool, dict) or tool.get("type") not in (None, "custom"):
        raise InvalidRequest(
            f"{where}.type: Anthropic's own tools are not supported by this model.",
            param=f"{where}.type",
        )
    function = {"name": labels.name(tool.get("name")), "parameters": tool.get("input_schema")}
    if tool.get("description"):
        function["description"] = tool["description"]
    if tool.get("strict"):
        function["strict"] = True
    return {"type": "function", "function": function}
