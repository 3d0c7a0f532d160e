"""Anthropic's Messages API on OpenAI-compatible providers: what the provider is sent, and what both
translations together leave unchanged.
"""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.core.errors import InvalidRequest
from gateway.providers.anthropic.translation import ChatOverMessages
from gateway.providers.messages_over_chat import request
from gateway.providers.registry import PROVIDERS
from local_stack.openai_api.requests import check_chat
from tests.worker import fixtures
from tests.worker.messages_to_openai import FORMAT, TRANSLATION, assembled, stream

HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {"name": "time", "input_schema": {"type": "object", "properties": {}}}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}


def translated(**body: Any) -> dict[str, Any]:
    """The request that OpenAI gets; it would take it."""
    given = {"model": "gpt-5-mini", "max_tokens": 100, "messages": HELLO, **body}
    made = TRANSLATION.request(given)
    check_chat(made)
    return made


# --- requests ---


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"max_completion_tokens": 100, "max_tokens": None, "stream": None}),
        (
            {"stream": True},
            {"stream": True, "stream_options": {"include_usage": True}},
        ),
        ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}),
        ({"stop_sequences": ["a"]}, {"stop": ["a"], "stop_sequences": None}),
        ({"metadata": {"user_id": "u"}}, {"user": "u", "metadata": None}),
        ({"service_tier": "standard_only"}, {"service_tier": "default"}),
        ({"cache_control": {"type": "ephemeral"}}, {"cache_control": None}),
        ({"seed": 4}, {"seed": 4}),
        ({"thinking": {"type": "enabled", "budget_tokens": 2000}}, {"reasoning_effort": "low"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 9000}}, {"reasoning_effort": "medium"}),
        ({"thinking": {"type": "enabled", "budget_tokens": 32000}}, {"reasoning_effort": "high"}),
        ({"thinking": {"type": "adaptive"}}, {"reasoning_effort": None, "thinking": None}),
        ({"thinking": {"type": "disabled"}}, {"reasoning_effort": None}),
        ({"output_config": {"effort": "xhigh"}}, {"reasoning_effort": "xhigh"}),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}},
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": {"type": "object"}, "strict": True},
                }
            },
        ),
        ({"tools": [TOOL], "tool_choice": {"type": "auto"}}, {"tool_choice": "auto"}),
        ({"tools": [TOOL], "tool_choice": {"type": "any"}}, {"tool_choice": "required"}),
        ({"tools": [TOOL], "tool_choice": {"type": "none"}}, {"tool_choice": "none"}),
        (
            {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "time"}},
            {"tool_choice": {"type": "function", "function": {"name": "time"}}},
        ),
        (
            {
                "tools": [TOOL],
                "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
            },
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
        (
            {"tools": [{**TOOL, "description": "d", "strict": True, "type": "custom"}]},
            {
                "tools": [
                    {
                        "type": "function",
                        "function": {
                            "name": "time",
                            "parameters": TOOL["input_schema"],
                            "description": "d",
                            "strict": True,
                        },
                    }
                ]
            },
        ),
    ],
)
def test_options(body: dict[str, Any], expected: dict[str, Any]) -> None:
    made = translated(**body)
    assert {name: made.get(name) for name in expected} == expected


def test_conversation() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    made = translated(
        system=[{"type": "text", "text": "Be brief.", **mark}],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Look", **mark}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                    {"type": "redacted_thinking", "data": "d"},
                    {"type": "text", "text": "I will."},
                    {"type": "tool_use", "id": "a", "name": "see", "input": {"é": 1}},
                    {"type": "tool_use", "id": "b", "name": "see", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "a",
                        "content": [
                            {"type": "text", "text": "a picture"},
                            {"type": "image", "source": PNG},
                        ],
                    },
                    {"type": "tool_result", "tool_use_id": "b", "is_error": True},
                    {"type": "text", "text": "And?"},
                ],
            },
        ],
    )
    assert made["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look"},
        {
            "role": "assistant",
            "content": "I will.",
            "tool_calls": [
                {
                    "id": "a",
                    "type": "function",
                    "function": {"name": "see", "arguments": '{"é":1}'},
                },
                {"id": "b", "type": "function", "function": {"name": "see", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "a picture"},
        {"role": "tool", "tool_call_id": "b", "content": ""},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                {"type": "text", "text": "And?"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("block", "parts"),
    [
        (
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
            [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}],
        ),
        (
            {
                "type": "document",
                "title": "a.pdf",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            },
            [
                {
                    "type": "file",
                    "file": {
                        "filename": "a.pdf",
                        "file_data": "data:application/pdf;base64,JVBE",
                    },
                }
            ],
        ),
        (
            {
                "type": "document",
                "title": "T",
                "source": {"type": "text", "media_type": "text/plain", "data": "body"},
            },
            "T\n\nbody",
        ),
        (
            {"type": "document", "source": {"type": "content", "content": "plain"}},
            "plain",
        ),
        (
            {
                "type": "search_result",
                "title": "T",
                "source": "https://example.com",
                "content": [{"type": "text", "text": "found"}],
            },
            [
                {"type": "text", "text": "T\nhttps://example.com"},
                {"type": "text", "text": "found"},
            ],
        ),
    ],
)
def test_user_blocks(block: dict[str, Any], parts: Any) -> None:
    made = translated(messages=[{"role": "user", "content": [block]}])
    assert made["messages"] == [{"role": "user", "content": parts}]


@pytest.mark.parametrize(
    ("body", "param"),
    [
        *(({name: 5}, name) for name in request.REFUSED),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools.0.type"),
        ({"tool_choice": {"type": "some"}}, "tool_choice"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format"),
        ({"messages": [*HELLO, {"role": "assistant", "content": "The answer is"}]}, "messages"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user", "content": 3}]}, "messages.0.content"),
        (
            {"messages": [{"role": "user", "content": [{"type": "container_upload"}]}]},
            "messages.0.content.0",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "image", "source": {"type": "file", "file_id": "f"}}],
                    }
                ]
            },
            "messages.0.content.0.source",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "compaction"}]}, *HELLO]},
            "messages.0.content.0",
        ),
    ],
)
def test_what_openai_lacks_is_refused_by_name(body: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        TRANSLATION.request({"model": "m", "max_tokens": 9, "messages": HELLO, **body})
    assert raised.value.param == param


def test_every_provider_with_chat_takes_messages() -> None:
    for provider in PROVIDERS.values():
        assert provider.supports("/messages"), provider.name
        assert provider.supports("/chat/completions"), provider.name


# --- there and back ---

_WORDS = st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=10).filter(
    str.strip  # Anthropic refuses blank texts
)
_INPUT = st.dictionaries(_WORDS, st.one_of(_WORDS, st.integers(-9, 9), st.none()), max_size=3)


@st.composite
def _turns(draw: st.DrawFn) -> list[dict[str, Any]]:
    ids = [f"call_{number}" for number in range(draw(st.integers(0, 3)))]
    said: list[dict[str, Any]] = [{"type": "text", "text": draw(_WORDS)}]
    said += [{"type": "tool_use", "id": i, "name": "f", "input": draw(_INPUT)} for i in ids]
    heard: list[dict[str, Any]] = [
        {"type": "tool_result", "tool_use_id": i, "content": draw(_WORDS)} for i in ids
    ]
    heard.append({"type": "text", "text": draw(_WORDS)})
    return [{"role": "assistant", "content": said}, {"role": "user", "content": heard}]


@given(_WORDS, _WORDS, st.lists(_turns(), max_size=3), st.integers(1, 99), st.booleans())
def test_a_request_survives_the_way_to_chat_and_back(
    system: str, first: str, turns: list[list[dict[str, Any]]], limit: int, alone: bool
) -> None:
    there = {
        "model": "claude-haiku-4-5",
        "max_tokens": limit,
        "system": system,
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": first}]},
            *(turn for pair in turns for turn in pair),
        ],
        "tools": [TOOL],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True}
        if alone
        else {"type": "tool", "name": "time"},
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u"},
    }
    back = ChatOverMessages().request(TRANSLATION.request(there))
    for turn in back["messages"]:
        if isinstance(turn["content"], str):
            turn["content"] = [{"type": "text", "text": turn["content"]}]
    assert back == there


@pytest.mark.parametrize("name", ["text", "parallel_tools", "max_tokens"])
def test_an_answer_survives_the_way_to_chat_and_back(name: str) -> None:
    whole = fixtures.answer("anthropic", name)
    back = TRANSLATION.answer(ChatOverMessages().answer(whole))
    assert back["content"] == whole["content"]
    assert back["stop_reason"] == whole["stop_reason"]
    # Chat does not tell apart for how long a prompt was cached, when none was for an hour.
    assert FORMAT.usage(back) == replace(FORMAT.usage(whole), cache_write_hour=None)
    source = fixtures.stream("anthropic", name)
    chat = ChatOverMessages().stream()
    made = assembled(stream(chat(source), chat(b"")))
    assert made is not None
    assert made["content"] == whole["content"]
