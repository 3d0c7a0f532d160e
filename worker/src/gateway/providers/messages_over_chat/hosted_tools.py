"""What Anthropic's own tools did in earlier turns, as text.

A conversation that Claude began may go on with another model, which has no place for blocks of
tools that Anthropic ran (``server_tool_use``, ``web_search_tool_result``, ``mcp_tool_use``, …).
"""

from typing import Any

from gateway.core import strict_json
from gateway.formats.base import Json

_USES = ("server_tool_use", "mcp_tool_use")
_UNREADABLE = ("encrypted_content", "encrypted_index", "encrypted_stdout", "type", "cache_control")
"""Members that say nothing to another model."""


def is_hosted(block: Json) -> bool:
    """Whether a block is a call of a tool that Anthropic ran, or its result."""
    kind = block.get("type")
    return kind in _USES or (isinstance(kind, str) and kind.endswith("_tool_result"))


def text(block: Json) -> str:
    """The block in words."""
    kind = str(block["type"])
    if kind in _USES:
        return f"[Called {block.get('name')}: {strict_json.dumps(block.get('input') or {})}]"
    return f"[Result of {kind.removesuffix('_tool_result')}: {_readable(block.get('content'))}]"


def _readable(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(map(_readable, content))
    if not isinstance(content, dict):
        return ""
    told = {
        name: value
        for name, value in content.items()
        if name not in _UNREADABLE and value is not None
    }
    if told.keys() == {"text"}:
        return str(told["text"])
    return strict_json.dumps(told)
