"""What is said to a chat request: decided by the request alone, so it hears the same again."""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\s?\w{1,8}|\s?[^\w\s]|\s+")

Speak = Callable[[dict[str, Any]], str]
"""The free text said to a chat request."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function call; `arguments` is JSON text."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice of a completion."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: tuple[ToolCall, ...] = field(default=())
    finish_reason: str = "stop"


def tokens(text: str) -> list[str]:
    """Cut text into token-like pieces; joined they are the text again."""
    return _TOKEN.findall(text)


def answers_to(request: dict[str, Any], speak: Speak) -> list[Answer]:
    """One answer per requested choice. A user text that starts with "refuse" is refused."""
    return [_answer(request, speak, index) for index in range(request.get("n") or 1)]


def last_user_text(request: dict[str, Any]) -> str:
    """The text of the last user message; other parts are named: "[image_url]"."""
    for message in reversed(request["messages"]):
        if message["role"] == "user":
            return content_text(message["content"])
    return content_text(request["messages"][-1].get("content"))


def content_text(content: Any) -> str:
    """A message's content as one text."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text") or f"[{part['type']}]" for part in content)


def _answer(request: dict[str, Any], speak: Speak, index: int) -> Answer:
    if last_user_text(request).lower().startswith("refuse"):
        return Answer(refusal="I'm sorry, but I can't help with that.")
    calls = _tool_calls(request, index)
    if calls:
        return Answer(tool_calls=calls, finish_reason="tool_calls")
    text = _formatted(request) or speak(request)
    if index:
        text += f" (choice {index})"
    limit = request.get("max_completion_tokens") or request.get("max_tokens")
    pieces = tokens(text)
    if limit and len(pieces) > limit:
        return Answer(content="".join(pieces[:limit]), finish_reason="length")
    return Answer(content=text)


def _tool_calls(request: dict[str, Any], index: int) -> tuple[ToolCall, ...]:
    """The chosen function, or every offered one; none once its result is among the messages."""
    choice = request.get("tool_choice") or "auto"
    offered = [tool["function"] for tool in request.get("tools") or () if tool.get("function")]
    if choice == "none" or not offered or request["messages"][-1]["role"] == "tool":
        return ()
    if isinstance(choice, dict):
        wanted = choice.get("function", {}).get("name")
        offered = [function for function in offered if function["name"] == wanted]
    if request.get("parallel_tool_calls") is False:
        offered = offered[:1]
    seed = hashlib.sha256(last_user_text(request).encode()).hexdigest()
    return tuple(
        ToolCall(
            id=f"call_{seed[:20]}{index}{number}",
            name=function["name"],
            arguments=json.dumps(example(function.get("parameters") or {"type": "object"})),
        )
        for number, function in enumerate(offered)
    )


def _formatted(request: dict[str, Any]) -> str | None:
    wanted = request.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps(example(wanted["json_schema"].get("schema") or {"type": "object"}))
    if wanted.get("type") == "json_object":
        return json.dumps({"answer": last_user_text(request)})
    return None


def example(schema: dict[str, Any], root: dict[str, Any] | None = None) -> Any:
    """A value that fits a JSON schema of the subset that structured outputs take."""
    root = schema if root is None else root
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step] if step else target
        return example(target, root)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("anyOf"):
        return example(schema["anyOf"][0], root)
    kind = schema.get("type", "object")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        properties = schema.get("properties") or {}
        return {name: example(part, root) for name, part in properties.items()}
    if kind == "array":
        return [example(schema.get("items") or {"type": "string"}, root)]
    return {"string": "example", "integer": 7, "number": 7.5, "boolean": True}.get(kind)
