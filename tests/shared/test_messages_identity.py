"""Which requests to Anthropic's Messages API are the same question."""

import json
from typing import Any

import pytest
from anthropic.types.message_create_params import MessageCreateParamsBase

from shared import hashing
from shared.request_fields import IGNORED

SAME, DIFFERENT = True, False
MARK = {"cache_control": {"type": "ephemeral"}}


def user(content: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": content}]}


def text(value: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": value, **more}


def result(content: Any, **more: Any) -> dict[str, Any]:
    return user([{"type": "tool_result", "tool_use_id": "t", "content": content, **more}])


def tool(*names: str, **more: Any) -> dict[str, Any]:
    properties = {name: {"type": "string"} for name in names}
    schema = {"type": "object", "properties": properties}
    return {"tools": [{"name": "f", "input_schema": schema, **more}]}


def called(value: Any) -> dict[str, Any]:
    block = {"type": "tool_use", "id": "t", "name": "f", "input": value}
    return {"messages": [{"role": "assistant", "content": [block]}]}


def prefill(value: str) -> dict[str, Any]:
    return {"messages": [*user("Hi")["messages"], {"role": "assistant", "content": value}]}


VECTORS: list[tuple[dict[str, Any], dict[str, Any], bool, str]] = [
    (user("Hi"), user([text("Hi")]), SAME, "a string is one text block"),
    (user("Hi"), user("hi"), DIFFERENT, "case can matter"),
    (user("Hi"), user(" Hi\n"), SAME, "outer white space"),
    (user("a\nb"), user("a\r\nb"), SAME, "line ends"),
    (user("caf\u00e9"), user("cafe\u0301"), SAME, "two Unicode forms"),
    (user([text("Hi", **MARK)]), user("Hi"), SAME, "a prompt-cache marker"),
    (user([text("a"), text("b")]), user([text("b"), text("a")]), DIFFERENT, "order of blocks"),
    ({"system": "Be brief."}, {"system": [text("Be brief.", **MARK)]}, SAME, "system as blocks"),
    ({"system": "Be brief."}, {"system": "Be long."}, DIFFERENT, "another system prompt"),
    ({"system": ""}, {}, SAME, "an empty system prompt is none"),
    (prefill("The answer is"), prefill("The answer is "), DIFFERENT, "a prefill is continued"),
    (result("x"), result([text("x", **MARK)]), SAME, "a tool result as blocks"),
    (result("x", **MARK), result("x"), SAME, "a marker on a tool result"),
    (result("x"), result("x", is_error=False), SAME, "no error is the default"),
    (result("x"), result("x", is_error=True), DIFFERENT, "a failed tool"),
    (result("  x"), result("x"), DIFFERENT, "a tool's white space"),
    (result("a\r\nb"), result("a\nb"), DIFFERENT, "a tool's line ends"),
    (result([text("a\r\nb")]), result([text("a\nb")]), DIFFERENT, "the same in a block"),
    (result("caf\u00e9"), result("cafe\u0301"), DIFFERENT, "a tool's Unicode forms"),
    (
        result([{"type": "document", "source": {"type": "content", "content": "a "}}]),
        result([{"type": "document", "source": {"type": "content", "content": "a"}}]),
        DIFFERENT,
        "a tool's document",
    ),
    (result([text("x\n")]), result([text("x")]), DIFFERENT, "a tool's white space, in a block"),
    (result("x"), result("y"), DIFFERENT, "another result"),
    (called({"cache_control": 1}), called({}), DIFFERENT, "an argument that is named so"),
    (called({"a": 1}), called({"a": 2}), DIFFERENT, "another argument"),
    (tool("a", "b"), tool("b", "a"), DIFFERENT, "the order of a schema's properties"),
    (tool("a", **MARK), tool("a"), SAME, "a marker on a tool"),
    (tool("a", strict=True), tool("a"), DIFFERENT, "a strict tool"),
    ({"tools": []}, {}, SAME, "no tools"),
    ({**tool("a"), "tool_choice": {"type": "auto"}}, tool("a"), SAME, "the default choice"),
    (
        {**tool("a"), "tool_choice": {"type": "auto", "disable_parallel_tool_use": False}},
        tool("a"),
        SAME,
        "parallel use is the default",
    ),
    (
        {**tool("a"), "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        tool("a"),
        DIFFERENT,
        "one tool at most",
    ),
    ({**tool("a"), "tool_choice": {"type": "any"}}, tool("a"), DIFFERENT, "a tool at least"),
    ({"temperature": 1.0, "top_p": 1, "stop_sequences": []}, {}, SAME, "documented defaults"),
    ({"temperature": 0}, {}, DIFFERENT, "another temperature"),
    ({"top_k": 5}, {}, DIFFERENT, "top_k"),
    ({"stop_sequences": ["a"]}, {}, DIFFERENT, "a stop sequence"),
    ({"max_tokens": 11}, {}, DIFFERENT, "another limit"),
    ({"model": "claude-x"}, {}, DIFFERENT, "another model"),
    ({"thinking": {"type": "disabled"}}, {}, DIFFERENT, "its default depends on the model"),
    ({"output_config": {"effort": "low"}}, {}, DIFFERENT, "another effort"),
    ({"stream": True}, {}, SAME, "how it is delivered"),
    ({"metadata": {"user_id": "u"}}, {}, SAME, "an abuse label"),
    ({"service_tier": "standard_only"}, {}, SAME, "price and speed"),
    (dict(MARK), {}, SAME, "a marker for the whole request"),
    ({"container": "c"}, {}, DIFFERENT, "another world"),
    ({"diagnostics": {"previous_message_id": "m"}}, {}, DIFFERENT, "the answer holds more"),
    ({"inference_geo": "us"}, {}, DIFFERENT, "where it may be computed"),
    ({"speed": "fast"}, {}, DIFFERENT, "another way of inference"),
    ({"user_profile_id": "u"}, {}, DIFFERENT, "on whose behalf"),
    ({"workspace_id": "w"}, {}, DIFFERENT, "another workspace"),
    ({"not_known_yet": 1}, {}, DIFFERENT, "unknown fields count"),
]


def key(changes: dict[str, Any]) -> str:
    body = {"model": "claude-haiku-4-5", "max_tokens": 10, **user("Hello"), **changes}
    before = json.dumps(body)
    made = hashing.digest(hashing.messages_identity(body))
    assert json.dumps(body) == before, "the request itself must stay as it came"
    return made


@pytest.mark.parametrize(
    ("a", "b", "same"), [v[:3] for v in VECTORS], ids=[v[3].replace(" ", "-") for v in VECTORS]
)
def test_vector(a: dict[str, Any], b: dict[str, Any], same: bool) -> None:
    assert (key(a) == key(b)) is same


def test_every_parameter_of_the_official_sdk_has_a_vector() -> None:
    varied = {name for a, b, *_ in VECTORS for name in (*a, *b) if a.get(name) != b.get(name)}
    assert set(MessageCreateParamsBase.__annotations__) <= varied | set(IGNORED)


@pytest.mark.parametrize(
    "body",
    [
        {"messages": "x", "system": 3, "tools": "y", "tool_choice": [], "output_config": 1},
        {"messages": [1, None, {"role": "user"}], "tools": [3], "system": [None]},
        {"messages": [{"role": "user", "content": [3, {"type": "document", "source": 3}]}]},
    ],
)
def test_malformed_requests_have_a_key_and_are_the_providers_to_refuse(
    body: dict[str, Any],
) -> None:
    assert key(body) != key({})
