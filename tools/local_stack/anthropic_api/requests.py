"""Validation of Messages requests, as strict as Anthropic's API about shapes and turns.

Source: Anthropic's API reference ("Create a Message", "Errors") and the messages its API answers
bad requests with.
"""

import hashlib
from typing import Any

PARAMETERS = frozenset(
    (
        *("model", "messages", "max_tokens", "system", "stream", "temperature", "top_p", "top_k"),
        *("stop_sequences", "tools", "tool_choice", "thinking", "metadata", "service_tier"),
        *("output_config", "cache_control", "container", "inference_geo", "mcp_servers"),
    )
)
BETA_PARAMETERS = {"context_management": "context-management-2025-06-27"}
"""Parameter → what ``anthropic-beta`` must name for it to be known."""
_EFFORT_TURNS = frozenset(
    ("mid-conversation-output-config-2026-07-01", "per-turn-control-2026-07-01")
)
"""The betas with which a system turn may set the effort from there on: the documented one
("Per-message effort", read 2026-12) and the one that Claude Code 2.1.332 sends."""
_BLOCKS = {
    "system": {"text"},
    "user": {"text", "image", "document", "tool_result", "search_result"},
    "assistant": {"text", "thinking", "redacted_thinking", "tool_use"},
}
_SOURCES = {
    "image": {"base64", "url", "file"},
    "document": {"base64", "text", "content", "url", "file"},
}


MISSHAPEN = (TypeError, KeyError, AttributeError, ValueError, IndexError)
"""What reading a value of another type than the API documents ends in."""


class ApiError(Exception):
    """An answer other than 2xx."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.kind = kind
        self.message = message

    def envelope(self) -> dict[str, Any]:
        """Anthropic's JSON body."""
        return {
            "type": "error",
            "error": {"type": self.kind, "message": self.message},
        }


def invalid(message: str) -> ApiError:
    """400 for a malformed request."""
    return ApiError(400, "invalid_request_error", message)


def signature(thinking: str) -> str:
    """What thinking is signed with; a block that comes back is checked against it."""
    return hashlib.sha256(b"signed:" + thinking.encode()).hexdigest()


VERSIONS = ("2023-06-01", "2026-10-21")
_SAMPLING = frozenset(("temperature", "top_p", "top_k"))
"""Parameters that API version 2026-10-21 no longer has."""


def check_headers(versions: list[str]) -> str:
    """The API version that the request names, once."""
    if len(versions) != 1 or versions[0] not in VERSIONS:
        raise invalid("anthropic-version: header is required")
    return versions[0]


def betas(header: str) -> frozenset[str]:
    """What the `anthropic-beta` header names."""
    return frozenset(name.strip() for name in header.split(","))


def check(
    request: dict[str, Any],
    version: str,
    enabled: frozenset[str] = frozenset(),
    *,
    counting: bool = False,
) -> None:
    """Raise `ApiError` unless the real API would take this request with the betas `enabled`."""
    known = PARAMETERS if version == VERSIONS[0] else PARAMETERS - _SAMPLING
    for name in request:
        if name not in known and BETA_PARAMETERS.get(name) not in enabled:
            raise invalid(f"{name}: Extra inputs are not permitted")
    required = ("model", "messages") if counting else ("model", "max_tokens", "messages")
    for name in required:
        if name not in request:
            raise invalid(f"{name}: Field required")
    if request["model"].startswith("claude-no-such"):
        raise ApiError(404, "not_found_error", f"model: {request['model']}")
    if not counting and (type(request["max_tokens"]) is not int or request["max_tokens"] < 1):
        raise invalid("max_tokens: Input should be greater than or equal to 1")
    _check_options(request)
    _check_tools(request)
    messages = request["messages"]
    if not isinstance(messages, list) or not messages:
        raise invalid("messages: at least one message is required")
    if messages[0].get("role") != "user":
        raise invalid('messages: first message must use the "user" role')
    turns = [turn for turn in messages if turn.get("role") != "system"]
    for index, message in enumerate(messages):
        if message.get("role") == "system":
            _check_system_turn(messages, index, enabled)
        else:
            _check_message(message, f"messages.{index}", last=message is turns[-1])
    _check_tool_results(turns)


def _check_options(request: dict[str, Any]) -> None:
    for name in ("temperature", "top_p"):
        value = request.get(name)
        if value is not None and (isinstance(value, bool) or not 0 <= value <= 1):
            raise invalid(f"{name}: range: 0..1")
    for text in request.get("stop_sequences") or ():
        if not text.strip():
            raise invalid("stop_sequences: each stop sequence must contain non-whitespace")
    thinking = request.get("thinking") or {}
    kind = thinking.get("type")
    if kind not in (None, "enabled", "disabled", "adaptive"):
        raise invalid("thinking.type: unknown")
    if kind == "enabled" and not 1024 <= thinking["budget_tokens"] < request["max_tokens"]:
        raise invalid("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if kind == "enabled" and request.get("temperature", 1) != 1:
        raise invalid("`temperature` may only be set to 1 when thinking is enabled.")
    forced = (request.get("tool_choice") or {}).get("type") in ("any", "tool")
    if kind in ("enabled", "adaptive") and forced:
        raise invalid("Thinking may not be enabled when tool_choice forces tool use.")
    wanted = (request.get("output_config") or {}).get("format")
    if wanted is not None:
        _check_schema(wanted["schema"])
    system = request.get("system")
    for index, block in enumerate(system if isinstance(system, list) else ()):
        if block.get("type") != "text" or not block.get("text"):
            raise invalid(f"system.{index}: text content blocks must be non-empty")


def _check_schema(schema: Any) -> None:
    if isinstance(schema, list):
        for item in schema:
            _check_schema(item)
    if isinstance(schema, dict):
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
            raise invalid("output_config.format.schema: 'additionalProperties' must be false")
        for value in schema.values():
            _check_schema(value)


def _check_tools(request: dict[str, Any]) -> None:
    tools = request.get("tools") or []
    for index, tool in enumerate(tools):
        known = tool.get("type", "custom") == "custom"
        if known and (not tool.get("name") or not isinstance(tool.get("input_schema"), dict)):
            raise invalid(f"tools.{index}.custom.input_schema: Field required")
    choice = request.get("tool_choice")
    if choice is not None:
        if not tools:
            raise invalid("tool_choice: may only be specified while providing tools")
        if choice["type"] not in ("auto", "any", "tool", "none"):
            raise invalid("tool_choice.type: unknown")
        if choice["type"] == "tool" and choice["name"] not in [tool["name"] for tool in tools]:
            raise invalid(f"Tool '{choice['name']}' not found in provided tools")


def _check_system_turn(messages: list[Any], index: int, enabled: frozenset[str]) -> None:
    """What the system says between the turns ("Mid-conversation system messages", read 2026-12).

    With content it follows a user's turn, and an assistant's or nothing follows it. Without, it
    sets the effort, and may stand anywhere but first.
    """
    message, where = messages[index], f"messages.{index}"
    if "output_config" in message:
        if not enabled & _EFFORT_TURNS:
            raise invalid(f"{where}.output_config: Extra inputs are not permitted")
        if set(message["output_config"]) - {"effort"}:
            raise invalid(f"{where}.output_config: only effort may be set for a turn")
        if not message["content"] and message["output_config"]:
            return
        message = {name: value for name, value in message.items() if name != "output_config"}
    after = [turn["role"] for turn in messages[index + 1 : index + 2]]
    if messages[index - 1]["role"] != "user" or after not in ([], ["assistant"]):
        raise invalid(
            f"{where}: a system message must follow a user message and precede an assistant's"
        )
    _check_message(message, where, last=False)


def _check_message(message: Any, where: str, *, last: bool) -> None:
    role = message.get("role")
    if role not in _BLOCKS or set(message) != {"role", "content"}:
        raise invalid(f"{where}: expected role 'user' or 'assistant', and content")
    content = message["content"]
    if not content and not (last and role == "assistant"):
        raise invalid(f"{where}: all messages must have non-empty content")
    if isinstance(content, str):
        content = [{"type": "text", "text": content}]
    for index, block in enumerate(content):
        _check_block(block, role, f"{where}.content.{index}")
    ending = content[-1] if content else {}
    if last and role == "assistant" and ending.get("text", "") != ending.get("text", "").rstrip():
        raise invalid("messages: final assistant content cannot end with trailing whitespace")


def _check_block(block: dict[str, Any], role: str, where: str) -> None:
    kind = block.get("type")
    if kind not in _BLOCKS[role]:
        raise invalid(f"{where}: unexpected block type {kind!r} in a {role} turn")
    if kind == "text" and not block["text"]:
        raise invalid(f"{where}: text content blocks must be non-empty")
    if kind in _SOURCES and block["source"]["type"] not in _SOURCES[kind]:
        raise invalid(f"{where}.source.type: unknown")
    if kind == "thinking" and block["signature"] != signature(block["thinking"]):
        raise invalid(f"{where}: Invalid `signature` in `thinking` block")
    if kind == "thinking" and set(block) != {"type", "thinking", "signature"}:
        raise invalid(f"{where}: thinking blocks cannot be modified")
    if kind == "tool_use" and not isinstance(block["input"], dict):
        raise invalid(f"{where}.input: Input should be a valid dictionary")


def _check_tool_results(messages: list[dict[str, Any]]) -> None:
    """Every call is answered in the very next turn, and every answer belongs to a call."""
    waiting: list[str] = []
    for index, message in enumerate(messages):
        blocks = message["content"] if isinstance(message["content"], list) else []
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        if sorted(results) != sorted(waiting):
            raise invalid(
                f"messages.{index}: `tool_use` ids {waiting} need `tool_result` blocks immediately "
                f"after, and only those; found {results}"
            )
        waiting = [block["id"] for block in blocks if block["type"] == "tool_use"]
    if waiting:
        raise invalid(f"messages: `tool_use` ids {waiting} were found without `tool_result`")
