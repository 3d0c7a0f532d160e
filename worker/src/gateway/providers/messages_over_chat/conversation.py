"""Anthropic's ``system`` and ``messages`` as chat messages.

Thinking of earlier turns is left out: it is signed for the model that produced it, and OpenAI's
chat completions refuse such members. Providers that want theirs back get it (``reasoning_field``,
``carried``). A turn that only thought is left out with it: OpenAI refuses a message without content
and calls, Gemini one whose content is empty.
"""

from typing import Any

from gateway.core import strict_json
from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.providers.base import Capabilities
from gateway.providers.messages_over_chat import carried, hosted_tools
from gateway.providers.messages_over_chat.calls import CallLabels


def convert(
    system: Any, messages: Any, capabilities: Capabilities, labels: CallLabels
) -> list[Json]:
    """Raises ``InvalidRequest``. ``labels``: of this request."""
    if not isinstance(messages, list):
        raise InvalidRequest("messages: Input should be a valid list.", param="messages")
    made: list[Json] = []
    if system:
        made.append({"role": "system", "content": _text_content(system, "system")})
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        role = message.get("role") if isinstance(message, dict) else None
        if role == "system":
            if text := _text_content(message.get("content"), f"{where}.content"):
                made.append({"role": "system", "content": text})
        elif role == "user":
            content = _blocks(message.get("content"), f"{where}.content")
            made += _user(content, f"{where}.content", labels)
        elif role == "assistant":
            content = _blocks(message.get("content"), f"{where}.content")
            turn = _assistant(content, f"{where}.content", capabilities, labels)
            made += [] if turn is None else [turn]
        else:
            raise InvalidRequest(
                f"{where}.role: Input should be 'user' or 'assistant'.", param=f"{where}.role"
            )
    if made and made[-1]["role"] == "assistant":
        raise InvalidRequest(
            "messages: this model does not continue a final assistant message (prefill).",
            param="messages",
        )
    return made


def _blocks(content: Any, where: str) -> list[Json]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if isinstance(content, list) and all(isinstance(block, dict) for block in content):
        return content
    raise InvalidRequest(f"{where}: Input should be a string or a list of blocks.", param=where)


def _text_content(content: Any, where: str) -> str | list[Json]:
    return _shortest([_text(block, where) for block in _blocks(content, where)])


def _text(block: Json, where: str) -> Json:
    if block.get("type") != "text" or not isinstance(block.get("text"), str):
        raise InvalidRequest(f"{where}: only text blocks are allowed here.", param=where)
    return {"type": "text", "text": block["text"]}


def _shortest(parts: list[Json]) -> str | list[Json]:
    if len(parts) == 1 and parts[0]["type"] == "text":
        return str(parts[0]["text"])
    return parts


def _user(blocks: list[Json], where: str, labels: CallLabels) -> list[Json]:
    """Tool results as ``tool`` messages, then the rest as one user message. Images among a tool's
    results go into that message: OpenAI's tools answer in text."""
    tools: list[Json] = []
    parts: list[Json] = []
    for index, block in enumerate(blocks):
        at = f"{where}.{index}"
        if block.get("type") != "tool_result":
            parts += _parts(block, at)
            continue
        inside = [
            part
            for item in _blocks(block.get("content") or "", f"{at}.content")
            for part in _parts(item, f"{at}.content")
        ]
        texts = [part for part in inside if part["type"] == "text"]
        tools.append(
            {
                "role": "tool",
                "tool_call_id": labels.id(block.get("tool_use_id")),
                "content": _shortest(texts) or "",
            }
        )
        parts += [part for part in inside if part["type"] != "text"]
    return [*tools, {"role": "user", "content": _shortest(parts)}] if parts else tools


def _assistant(
    blocks: list[Json], where: str, capabilities: Capabilities, labels: CallLabels
) -> Json | None:
    """``None`` for a turn that says nothing to this provider."""
    texts: list[Json] = []
    calls: list[Json] = []
    thoughts: list[str] = []
    extras: dict[str, Json] = {}
    kept: list[Json] = []
    for index, block in enumerate(blocks):
        kind = block.get("type")
        if kind == "tool_use":
            calls.append(block)
        elif kind == "thinking":
            thoughts.append(str(block.get("thinking") or ""))
        elif kind == "redacted_thinking":
            _take_carried(block, capabilities.name, extras, kept)
        elif hosted_tools.is_hosted(block):
            texts.append({"type": "text", "text": hosted_tools.text(block)})
        else:
            texts.append(_text(block, f"{where}.{index}"))
    made: Json = {"role": "assistant", "content": _shortest(texts) or None, **carried.whole(kept)}
    reasoning_field = capabilities.reasoning_field
    if reasoning_field and (any(thoughts) or calls):
        # Also where nothing was thought: a turn that called tools is refused without the member
        # (deepseek-harness 739).
        made[reasoning_field] = "".join(thoughts)
    if calls:
        made["tool_calls"] = [_tool_call(call, extras, labels) for call in calls]
    elif made["content"] is None:
        if made.keys() == {"role", "content"}:
            return None
        made["content"] = ""
    return made


def _take_carried(block: Json, provider: str, extras: dict[str, Json], kept: list[Json]) -> None:
    """Add what ``block`` carries for ``provider`` to the members of a call, or of the message."""
    known = carried.of(block)
    if known is None or known.provider not in ("", provider):
        return
    if known.call_id is None:
        kept.append(known.members)
    else:
        extras[known.call_id] = known.members


def _tool_call(block: Json, extras: dict[str, Json], labels: CallLabels) -> Json:
    """With the content that its provider wants back; ids that are no text have none."""
    identifier = block.get("id")
    arguments = strict_json.dumps(block.get("input") or {})
    function = {"name": labels.name(block.get("name")), "arguments": arguments}
    known = extras.get(identifier) if isinstance(identifier, str) else None
    return {
        "id": labels.id(identifier),
        "type": "function",
        "function": function,
        **(known or {}),
    }


def _parts(block: Json, where: str) -> list[Json]:
    """One of a user's blocks as content parts."""
    source = block.get("source")
    match block.get("type"):
        case "text":
            return [_text(block, where)]
        case "image" if isinstance(source, dict):
            return [{"type": "image_url", "image_url": {"url": _image_url(source, where)}}]
        case "document" if isinstance(source, dict):
            return _document(block, source, where)
        case "tool_reference":
            return [{"type": "text", "text": f"Loaded tool: {block.get('tool_name')}"}]
        case "search_result":
            heading = {"type": "text", "text": f"{block.get('title')}\n{source}"}
            return [heading, *(_text(item, where) for item in block.get("content") or ())]
    raise InvalidRequest(
        f"{where}: blocks of type {block.get('type')!r} are not supported by this model.",
        param=where,
    )


def _image_url(source: Json, where: str) -> Any:
    match source.get("type"):
        case "base64":
            return f"data:{source.get('media_type')};base64,{source.get('data')}"
        case "url":
            return source.get("url")
    raise InvalidRequest(
        f"{where}.source: this model takes base64 and url images.", param=f"{where}.source"
    )


def _document(block: Json, source: Json, where: str) -> list[Json]:
    title = block.get("title")
    match source.get("type"):
        case "base64":
            data = f"data:{source.get('media_type')};base64,{source.get('data')}"
            return [
                {"type": "file", "file": {"filename": title or "document.pdf", "file_data": data}}
            ]
        case "text":
            text = source.get("data")
            return [{"type": "text", "text": f"{title}\n\n{text}" if title else text}]
        case "content":
            inside = _blocks(source.get("content"), f"{where}.source.content")
            return [part for item in inside for part in _parts(item, where)]
    raise InvalidRequest(
        f"{where}.source: this model takes base64, text and content documents.",
        param=f"{where}.source",
    )
