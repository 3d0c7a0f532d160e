"""OpenAI's chat completions on Anthropic's models: the options that Anthropic is sent or lacks."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import InvalidRequest
from gateway.providers.anthropic import generations, request
from local_stack.anthropic_api.requests import signature
from tests.worker.chat_to_anthropic import HELLO, TRANSLATION, WEATHER, translated

TIME = {"type": "function", "function": {"name": "time"}}


# --- requests: options ---


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"max_tokens": 32_000}),
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_tokens": 5, "max_completion_tokens": 7}, {"max_tokens": 7}),
        ({"model": "claude-3-haiku-20240307"}, {"max_tokens": 4096}),
        ({"temperature": 0.3}, {"temperature": 0.3}),
        ({"temperature": 1.8}, {"temperature": None}),
        ({"temperature": 1, "top_p": 1}, {"temperature": None, "top_p": None}),
        ({"top_p": 0.5}, {"top_p": 0.5}),
        ({"stop": "END"}, {"stop_sequences": ["END"]}),
        ({"stop": ["a", "b"]}, {"stop_sequences": ["a", "b"]}),
        ({"user": "u1"}, {"metadata": {"user_id": "u1"}, "user": None}),
        ({"safety_identifier": "s", "user": "u"}, {"metadata": {"user_id": "s"}}),
        ({"metadata": {"a": "b"}, "store": True, "seed": 3}, {"metadata": None, "seed": None}),
        ({"service_tier": "default"}, {"service_tier": "standard_only"}),
        ({"service_tier": "flex"}, {"service_tier": None}),
        ({"stream": True, "stream_options": {"include_usage": True}}, {"stream_options": None}),
        ({"n": 1, "logprobs": False, "presence_penalty": 0, "logit_bias": {}}, {"n": None}),
        ({"top_k": 5}, {"top_k": 5}),
        ({"response_format": {"type": "text"}}, {"output_config": None}),
        ({"tools": []}, {"tools": None}),
        ({"tools": [], "tool_choice": "none"}, {"tool_choice": None}),
        ({"tools": [TIME]}, {"tool_choice": None}),
        ({"tools": [TIME], "tool_choice": "auto"}, {"tool_choice": {"type": "auto"}}),
        ({"tools": [TIME], "tool_choice": "none"}, {"tool_choice": {"type": "none"}}),
        ({"tools": [TIME], "tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        (
            {"tools": [TIME], "tool_choice": {"type": "function", "function": {"name": "time"}}},
            {"tool_choice": {"type": "tool", "name": "time"}},
        ),
        (
            {"tools": [TIME], "parallel_tool_calls": False},
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
        (
            {"tools": [TIME], "parallel_tool_calls": False, "tool_choice": "none"},
            {"tool_choice": {"type": "none"}},
        ),
        ({"parallel_tool_calls": False}, {"tool_choice": None, "parallel_tool_calls": None}),
        ({"reasoning_effort": "none"}, {"thinking": None}),
        (
            {"reasoning_effort": "none", "model": "claude-opus-5"},
            {"thinking": {"type": "disabled"}},
        ),
        (
            {"reasoning_effort": "minimal"},
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "low"},
            },
        ),
        (
            {"reasoning_effort": "medium", "model": "claude-haiku-4-5"},
            {"thinking": {"type": "enabled", "budget_tokens": 8192}, "output_config": None},
        ),
        (
            {"reasoning_effort": "high", "model": "claude-haiku-4-5", "max_tokens": 4000},
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
        ),
        (
            {"reasoning_effort": "high", "thinking": {"type": "adaptive"}},
            {"thinking": {"type": "adaptive"}, "output_config": None},
        ),
    ],
)
def test_options(body: dict[str, Any], expected: dict[str, Any]) -> None:
    made = translated(**body)
    assert {name: made.get(name) for name in expected} == expected


def test_tools() -> None:
    strict = {**WEATHER, "function": {**WEATHER["function"], "strict": True}}
    assert translated(tools=[WEATHER, strict, TIME])["tools"] == [
        {
            "name": "weather",
            "description": "The weather",
            "input_schema": WEATHER["function"]["parameters"],
        },
        {
            "name": "weather",
            "description": "The weather",
            "input_schema": WEATHER["function"]["parameters"],
            "strict": True,
        },
        {"name": "time", "input_schema": {"type": "object", "properties": {}}},
    ]


def test_allowed_tools_are_the_only_ones_offered() -> None:
    choice = {
        "type": "allowed_tools",
        "allowed_tools": {
            "mode": "required",
            "tools": [{"type": "function", "function": {"name": "time"}}],
        },
    }
    made = translated(tools=[WEATHER, TIME], tool_choice=choice)
    assert [tool["name"] for tool in made["tools"]] == ["time"]
    assert made["tool_choice"] == {"type": "any"}


def test_json_schema_is_an_output_format_and_closed() -> None:
    inner = {"type": "object", "properties": {"type": {"type": "string"}}}
    schema = {
        "type": "object",
        "properties": {"a": inner, "b": {"type": "array", "items": {"$ref": "#/$defs/c"}}},
        "$defs": {"c": inner},
    }
    made = translated(
        response_format={"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    )
    closed = {**inner, "additionalProperties": False}
    assert made["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {"a": closed, "b": {"type": "array", "items": {"$ref": "#/$defs/c"}}},
            "$defs": {"c": closed},
            "additionalProperties": False,
        },
    }


@pytest.mark.parametrize(
    ("body", "param"),
    [
        *(({name: 2}, name) for name in request.ONLY_DEFAULTS),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"tools": [{"type": "custom", "custom": {"name": "x"}}]}, "tools[0].type"),
        ({"tools": "x"}, "tools"),
        ({"tools": [TIME], "tool_choice": "some"}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort"),
        ({"reasoning_effort": "low", "model": "claude-3-5-haiku-latest"}, "reasoning_effort"),
        (
            {"reasoning_effort": "low", "model": "claude-haiku-4-5", "max_tokens": 100},
            "max_completion_tokens",
        ),
        ({"messages": [{"role": "function", "content": "x"}]}, "messages[0].role"),
        ({"messages": ["x"]}, "messages[0].role"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio"}]}]},
            "messages[0].content[0]",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image_url", "image_url": {"url": "ftp://x"}}],
                    }
                ]
            },
            "messages[0].content[0].image_url.url",
        ),
        (
            {
                "messages": [
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}],
                    }
                ]
            },
            "messages[0].tool_calls[0].function.arguments",
        ),
        (
            {"messages": [{"role": "assistant", "function_call": {"name": "f"}}]},
            "messages[0].function_call",
        ),
        (
            {"messages": [{"role": "assistant", "thinking_blocks": [{"type": "text"}]}]},
            "messages[0].thinking_blocks",
        ),
    ],
)
def test_what_anthropic_lacks_is_refused_by_name(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        TRANSLATION.request({"model": "claude-sonnet-4-6", "messages": HELLO, **body})
    assert raised.value.param == param


@pytest.mark.parametrize(
    ("model", "version"),
    [
        ("claude-3-haiku-20240307", (3, 0)),
        ("claude-3-7-sonnet-latest", (3, 7)),
        ("claude-sonnet-4-20250514", (4, 0)),
        ("claude-opus-4-1-20250805", (4, 1)),
        ("claude-haiku-4-5", (4, 5)),
        ("claude-opus-5", (5, 0)),
        ("claude-fable-5-2", (5, 2)),
        ("claude-opus-latest", (99, 0)),
    ],
)
def test_generations(model: str, version: tuple[int, int]) -> None:
    assert generations.version(model) == version


# --- properties ---

_WORDS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=12)
_USER = st.builds(lambda text: [{"role": "user", "content": text}], _WORDS)
_ARGUMENTS = st.dictionaries(_WORDS, st.one_of(_WORDS, st.integers(-9, 9), st.none()), max_size=3)


@st.composite
def _exchange(draw: st.DrawFn) -> list[dict[str, Any]]:
    """An assistant's turn, with the results of the tools it called."""
    ids = [f"call_{number}" for number in range(draw(st.integers(0, 3)))]
    thought = draw(st.one_of(st.none(), _WORDS))
    message: dict[str, Any] = {"role": "assistant", "content": draw(_WORDS)}
    if thought is not None:
        message["thinking_blocks"] = [
            {"type": "thinking", "thinking": thought, "signature": signature(thought)}
        ]
    if ids:
        message["tool_calls"] = [
            {
                "id": name,
                "type": "function",
                "function": {"name": "f", "arguments": json.dumps(draw(_ARGUMENTS))},
            }
            for name in ids
        ]
    results = [{"role": "tool", "tool_call_id": name, "content": draw(_WORDS)} for name in ids]
    return [message, *results, *draw(_USER)]


@given(_USER, st.lists(_exchange(), max_size=4), st.lists(_WORDS, max_size=2))
def test_any_conversation_is_one_that_anthropic_takes(
    begin: list[dict[str, Any]], turns: list[list[dict[str, Any]]], system: list[str]
) -> None:
    messages = [
        *({"role": "system", "content": text} for text in system),
        *begin,
        *(message for turn in turns for message in turn),
    ]
    made = translated(messages=messages)
    texts = [
        block["text"]
        for turn in made["messages"]
        for block in (
            turn["content"]
            if isinstance(turn["content"], list)
            else [{"type": "text", "text": turn["content"]}]
        )
        if block["type"] == "text"
    ]
    said = [m["content"] for m in messages if m["role"] in ("user", "assistant")]
    assert texts == said  # nothing lost, nothing reordered
