"""Chat messages as Anthropic's ``system`` and ``messages``."""

from typing import Any

from gateway.core import strict_json
from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.providers.anthropic import call_ids, content

_THINKING = ("thinking", "redacted_thinking")


def convert(messages: Any) -> tuple[str | list[Json] | None, list[Json]]:
    """``(system, messages)``. Raises ``InvalidRequest``.

    System and developer messages are hoisted wherever they stand, as Anthropic's own
    OpenAI-compatible endpoint does: older models refuse them among the turns. Neighbours of one
    role become one turn, so the results of parallel tool calls stand together as they must.
    """
    if not isinstance(messages, list):
        raise InvalidRequest("Invalid 'messages': expected an array.", param="messages")
    system: list[Json] = []
    turns: list[Json] = []
    for index, message in enumerate(messages):
        where = f"messages[{index}]"
        role = message.get("role") if isinstance(message, dict) else None
        if role in ("system", "developer"):
            system += _marked(content.texts(message.get("content"), f"{where}.content"), message)
        elif role in ("user", "tool"):
            _append(turns, "user", _user(message, where))
        elif role == "assistant":
            _append(turns, "assistant", _assistant(message, where))
        else:
            raise InvalidRequest(
                f"Invalid '{where}.role': expected system, developer, user, assistant or tool.",
                param=f"{where}.role",
            )
    # Turns without content (blank texts, which are left out) would be refused.
    turns = [turn for turn in turns if turn["content"]] or turns
    for turn in turns:
        turn["content"] = _shortest(turn["content"])
    return _shortest(system) or None, turns


def _append(turns: list[Json], role: str, blocks: list[Json]) -> None:
    if turns and turns[-1]["role"] == role:
        turns[-1]["content"] += blocks
    else:
        turns.append({"role": role, "content": blocks})


def _shortest(blocks: list[Json]) -> str | list[Json]:
    """One plain text as a string: it reads the same, and most requests are just that."""
    if not blocks:
        return ""
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return str(blocks[0]["text"])
    return blocks


def _marked(blocks: list[Json], message: Json) -> list[Json]:
    """A ``cache_control`` that stands on the message belongs to its last block."""
    if blocks and message.get("cache_control") is not None:
        blocks[-1] = {**blocks[-1], "cache_control": message["cache_control"]}
    return blocks


def _user(message: Json, where: str) -> list[Json]:
    blocks = content.blocks(message.get("content"), f"{where}.content")
    if message["role"] == "user":
        return _marked(blocks, message)
    call_id = message.get("tool_call_id")
    if not isinstance(call_id, str):
        raise InvalidRequest(f"Missing '{where}.tool_call_id'.", param=f"{where}.tool_call_id")
    result = {
        "type": "tool_result",
        "tool_use_id": call_ids.taken(call_id),
        "content": _shortest(blocks),
    }
    return _marked([result], message)


def _assistant(message: Json, where: str) -> list[Json]:
    for name in ("audio", "function_call"):
        if message.get(name) is not None:
            raise InvalidRequest(
                f"'{where}.{name}' has no equivalent at Anthropic.", param=f"{where}.{name}"
            )
    blocks = _thinking(message.get("thinking_blocks"), f"{where}.thinking_blocks")
    blocks += content.texts(message.get("content"), f"{where}.content")
    if isinstance(message.get("refusal"), str) and message["refusal"]:
        blocks.append({"type": "text", "text": message["refusal"]})
    calls = message.get("tool_calls")
    if calls is not None and not isinstance(calls, list):
        raise InvalidRequest(f"Invalid '{where}.tool_calls'.", param=f"{where}.tool_calls")
    for index, call in enumerate(calls or ()):
        blocks.append(_tool_use(call, f"{where}.tool_calls[{index}]"))
    return _marked(blocks, message)


def _thinking(given: Any, where: str) -> list[Json]:
    """The thinking of an earlier answer, whose signatures Anthropic checks: unchanged."""
    if given is None:
        return []
    if not isinstance(given, list) or not all(
        isinstance(block, dict) and block.get("type") in _THINKING for block in given
    ):
        raise InvalidRequest(f"Invalid '{where}': expected thinking blocks.", param=where)
    return [{name: value for name, value in block.items() if name != "index"} for block in given]


def _tool_use(call: Any, where: str) -> Json:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InvalidRequest(f"Invalid '{where}': expected a function call.", param=where)
    try:
        arguments = strict_json.request(function.get("arguments") or "{}")
    except (ValueError, TypeError, AttributeError):
        arguments = None
    if not isinstance(arguments, dict):
        raise InvalidRequest(
            f"Invalid '{where}.function.arguments': expected the text of a JSON object.",
            param=f"{where}.function.arguments",
        )
    return {
        "type": "tool_use",
        "id": call_ids.taken(call.get("id")),
        "name": function["name"],
        "input": arguments,
        **content.cache_control(call),
    }
