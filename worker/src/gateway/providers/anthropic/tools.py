"""Tools, tool choice and output schemas of chat requests as Anthropic takes them."""

from typing import Any

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.providers.anthropic.content import cache_control

_CHOICES = {"auto": "auto", "none": "none", "required": "any"}


def tools(given: Any) -> list[Json]:
    """Function tools. Anthropic's server tools belong to ``/v1/messages``."""
    if not isinstance(given, list):
        raise InvalidRequest("Invalid 'tools': expected an array.", param="tools")
    return [_tool(tool, f"tools[{index}]") for index, tool in enumerate(given)]


def _tool(tool: Any, where: str) -> Json:
    if not isinstance(tool, dict) or tool.get("type") != "function":
        raise InvalidRequest(
            f"Invalid '{where}.type': Anthropic's models take function tools here.",
            param=f"{where}.type",
        )
    function = tool.get("function")
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise InvalidRequest(f"Missing '{where}.function.name'.", param=f"{where}.function.name")
    made = {
        "name": function["name"],
        "input_schema": function.get("parameters") or {"type": "object", "properties": {}},
    }
    if function.get("description"):
        made["description"] = function["description"]
    if function.get("strict"):
        made["strict"] = True
    return {**made, **cache_control(tool)}


def choice(body: Json, offered: list[Json]) -> tuple[list[Json], Json | None]:
    """The tools to offer and Anthropic's ``tool_choice`` (``None``: its default, ``auto``).

    ``allowed_tools`` offers only those it names, which is what it means.
    """
    given = body.get("tool_choice")
    if not offered:
        if given in (None, "none", "auto"):
            return offered, None
        raise InvalidRequest(
            "Invalid 'tool_choice': only allowed when 'tools' are specified.", param="tool_choice"
        )
    made: Json | None = None
    if isinstance(given, str) and given in _CHOICES:
        made = {"type": _CHOICES[given]}
    elif isinstance(given, dict) and given.get("type") == "function":
        made = {"type": "tool", "name": _name(given.get("function"))}
    elif isinstance(given, dict) and given.get("type") == "allowed_tools":
        offered, made = _allowed(given.get("allowed_tools"), offered)
    elif given is not None:
        raise _bad_choice()
    if body.get("parallel_tool_calls") is False:
        made = made or {"type": "auto"}
        if made["type"] != "none":
            made["disable_parallel_tool_use"] = True
    return offered, made


def _allowed(given: Any, offered: list[Json]) -> tuple[list[Json], Json]:
    named = given.get("tools") if isinstance(given, dict) else None
    if not isinstance(named, list) or given.get("mode") not in ("auto", "required"):
        raise _bad_choice()
    names = {_name(tool.get("function") if isinstance(tool, dict) else None) for tool in named}
    allowed = [tool for tool in offered if tool["name"] in names]
    if not allowed:
        raise _bad_choice()
    return allowed, {"type": _CHOICES[given["mode"]]}


def _name(function: Any) -> str:
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise _bad_choice()
    return name


def _bad_choice() -> InvalidRequest:
    return InvalidRequest(
        "Invalid 'tool_choice': expected none, auto, required, a function or allowed_tools.",
        param="tool_choice",
    )


def output_format(given: Any) -> Json | None:
    """``response_format`` as ``output_config.format``.

    Not a forced tool: that excludes thinking, is refused by the newest models, and changes what
    the caller's own tools and streams look like. ``output_config.format`` constrains decoding and
    streams as text, as OpenAI's structured outputs do; every model still in service since
    Claude 4.5 has it. There is no schema-less JSON mode at Anthropic to map ``json_object`` to.
    """
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "text":
        return None
    schema = given.get("json_schema") if isinstance(given, dict) else None
    if kind != "json_schema" or not isinstance(schema, dict):
        raise InvalidRequest(
            "Invalid 'response_format': Anthropic's models take text or json_schema.",
            param="response_format",
        )
    return {"type": "json_schema", "schema": _closed(schema.get("schema") or {"type": "object"})}


def _closed(schema: Any) -> Any:
    """Anthropic requires ``additionalProperties: false``, as OpenAI does where ``strict`` is on."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        name: {key: _closed(sub) for key, sub in value.items()}
        if name in ("properties", "$defs", "definitions") and isinstance(value, dict)
        else _closed(value)
        if name in ("items", "anyOf", "oneOf", "allOf", "prefixItems", "not")
        else value
        for name, value in schema.items()
    }
    if schema.get("type") == "object" or "properties" in schema:
        made.setdefault("additionalProperties", False)
    return made
