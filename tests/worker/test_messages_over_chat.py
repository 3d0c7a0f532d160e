"""Anthropic's Messages API on OpenAI-compatible providers: requests, answers, streams, errors."""

import json
from dataclasses import replace
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Usage
from gateway.formats.messages import MessagesAssembler, MessagesFormat
from gateway.formats.sse import EventReader
from gateway.providers.anthropic.translation import ChatOverMessages
from gateway.providers.messages_over_chat import request
from gateway.providers.messages_over_chat.translation import MessagesOverChat
from gateway.providers.registry import PROVIDERS
from local_stack.openai_api.requests import check_chat
from tests.worker import fixtures

OPENAI = PROVIDERS["openai"].capabilities
TRANSLATION = MessagesOverChat(OPENAI, limit="max_completion_tokens")
FORMAT = MessagesFormat()
NAMES = fixtures.names("openai")
HELLO = [{"role": "user", "content": "Hello"}]
TOOL = {"name": "time", "input_schema": {"type": "object", "properties": {}}}
PNG = {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}
_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def translated(**body: Any) -> dict[str, Any]:
    """The request that OpenAI gets; it would take it."""
    given = {"model": "gpt-5-mini", "max_tokens": 100, "messages": HELLO, **body}
    made = TRANSLATION.request(given)
    check_chat(made)
    return made


def stream(*chunks: bytes) -> bytes:
    transform = TRANSLATION.stream()
    return b"".join([*(transform(chunk) for chunk in chunks), transform(b"")])


def assembled(data: bytes) -> dict[str, Any] | None:
    assembler = MessagesAssembler()
    for event in EventReader().feed(data):
        assembler.feed(event)
    return assembler.finish()


@pytest.mark.parametrize("name", NAMES)
def test_stream_adds_up_to_the_whole_answer(name: str) -> None:
    whole = TRANSLATION.answer(fixtures.answer("openai", name))
    made = assembled(stream(fixtures.stream("openai", name)))
    if name == "refusal":
        assert made is None  # filtered: never stored
        assert whole["stop_reason"] == "refusal"
    else:
        assert made == whole
        assert FORMAT.storable(whole, {})


@pytest.mark.parametrize("name", NAMES)
def test_stream_is_the_same_at_every_cut(name: str) -> None:
    source = fixtures.stream("openai", name)
    expected = stream(source)
    assert stream(*(bytes([byte]) for byte in source)) == expected
    for cut in range(1, len(source)):
        assert stream(source[:cut], source[cut:]) == expected


@pytest.mark.parametrize("name", NAMES)
def test_anthropics_sdk_reads_the_stream(name: str) -> None:
    snapshot, buffers = None, {}
    opened: list[int] = []
    for event in EventReader().feed(stream(fixtures.stream("openai", name))):
        data = json.loads(event.data)
        assert event.name == data["type"]
        if data["type"] == "content_block_start":
            assert data["index"] == len(opened)
            opened.append(data["index"])
        parsed = _EVENT.validate_python(data)
        snapshot = accumulate_event(event=parsed, current_snapshot=snapshot, json_bufs=buffers)
    assert snapshot is not None
    whole = TRANSLATION.answer(fixtures.answer("openai", name))
    assert snapshot.to_dict()["content"] == whole["content"]
    assert snapshot.stop_reason == whole["stop_reason"]
    assert snapshot.usage.output_tokens == whole["usage"]["output_tokens"]
    assert snapshot.usage.input_tokens == whole["usage"]["input_tokens"]


@pytest.mark.parametrize("name", NAMES)
def test_text_is_passed_on_as_it_comes(name: str) -> None:
    transform = TRANSLATION.stream()
    for block in fixtures.stream("openai", name).split(b"\n\n")[:-2]:
        chunk = json.loads(block.removeprefix(b"data: "))
        delta = chunk["choices"][0]["delta"] if chunk["choices"] else {}
        out = transform(block + b"\n\n")
        for text in (delta.get("content"), delta.get("reasoning_content"), delta.get("refusal")):
            assert (text or "").encode() in out


def test_tokens_are_counted_as_anthropic_counts_them() -> None:
    usage = TRANSLATION.answer(fixtures.answer("openai", "text"))["usage"]
    assert usage == {
        "input_tokens": 76,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 1024,
        "service_tier": "standard",
        "output_tokens": 60,
        "output_tokens_details": {"thinking_tokens": 40},
    }
    assert FORMAT.usage({"usage": usage}) == Usage(1100, 60, 1024, 0, service_tier="standard")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("text", "end_turn"),
        ("parallel_tools", "tool_use"),
        ("length", "max_tokens"),
        ("refusal", "refusal"),
    ],
)
def test_stop_reasons(name: str, reason: str) -> None:
    assert TRANSLATION.answer(fixtures.answer("openai", name))["stop_reason"] == reason


def test_a_forced_call_is_tool_use_though_openai_says_stop() -> None:
    completion = fixtures.answer("openai", "parallel_tools")
    completion["choices"][0]["finish_reason"] = "stop"
    assert TRANSLATION.answer(completion)["stop_reason"] == "tool_use"
    source = fixtures.stream("openai", "parallel_tools")
    made = assembled(
        stream(source.replace(b'"finish_reason": "tool_calls"', b'"finish_reason": "stop"'))
    )
    assert made is not None
    assert made["stop_reason"] == "tool_use"


def test_arguments_that_are_no_object_do_not_lose_the_answer() -> None:
    completion = fixtures.answer("openai", "parallel_tools")
    completion["choices"][0]["message"]["tool_calls"][1]["function"]["arguments"] = '{"a'
    assert TRANSLATION.answer(completion)["content"][1]["input"] == {"INVALID_JSON": '{"a'}
    assert TRANSLATION.lost(completion) == {"malformed tool arguments"}
    completion["choices"][0]["finish_reason"] = "length"
    made = TRANSLATION.answer(completion)
    assert made["stop_reason"] == "max_tokens"
    assert made["content"][1]["input"] == {}


@pytest.mark.parametrize(
    "ending",
    [
        b"data: [DONE]\n\n",  # no finish_reason
        b'data: {"error": {"message": "Overloaded", "type": "server_error"}}\n\n',
        b"data: {broken\n\ndata: [DONE]\n\n",
        b"",
    ],
)
def test_broken_streams_are_no_answer(ending: bytes) -> None:
    begin = b"\n\n".join(fixtures.stream("openai", "text").split(b"\n\n")[:3]) + b"\n\n"
    data = stream(begin, ending)
    assert assembled(data) is None
    assert b"message_stop" not in data
    if ending:
        last = EventReader().feed(data)[-1]
        assert last.name == "error"
        assert json.loads(last.data)["type"] == "error"


def test_interleaved_tool_calls_end_in_an_error_and_not_in_a_mixture() -> None:
    first = '{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{"}}'
    second = '{"index": 1, "id": "b", "function": {"name": "g", "arguments": "{}"}}'
    again = '{"index": 0, "function": {"arguments": "}"}}'
    lines = [
        f'data: {{"id": "c", "choices": [{{"delta": {{"tool_calls": [{call}]}}}}]}}\n\n'
        for call in (first, second, again)
    ]
    data = stream("".join(lines).encode())
    assert EventReader().feed(data)[-1].name == "error"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"code": "invalid_api_key", "type": "invalid_request_error"}, "authentication_error"),
        ({"code": "rate_limit_exceeded", "type": "requests"}, "rate_limit_error"),
        ({"code": None, "type": "tokens"}, "rate_limit_error"),
        ({"code": "insufficient_quota", "type": "insufficient_quota"}, "billing_error"),
        ({"code": "model_not_found", "type": "invalid_request_error"}, "not_found_error"),
        ({"code": None, "type": "invalid_request_error"}, "invalid_request_error"),
        (
            {"code": "context_length_exceeded", "type": "invalid_request_error"},
            "invalid_request_error",
        ),
        ({"code": None, "type": "server_error"}, "api_error"),
        ({}, "api_error"),
    ],
)
def test_errors(error: dict[str, Any], kind: str) -> None:
    made = json.loads(TRANSLATION.error(json.dumps({"error": {"message": "No.", **error}})))
    too_long = error.get("code") == "context_length_exceeded"
    message = "prompt is too long: No." if too_long else "No."
    assert made == {"type": "error", "error": {"type": kind, "message": message}}


@pytest.mark.parametrize("text", ["<html>bad gateway</html>", "", "[]", '{"error": "x"}'])
def test_an_unreadable_error_is_still_an_envelope(text: str) -> None:
    assert json.loads(TRANSLATION.error(text))["error"]["type"] == "api_error"


@pytest.mark.parametrize(
    ("text", "status", "kind", "message"),
    [
        # Gemini, Mistral, Workers AI, OpenRouter, and one that says it in a word.
        (
            '[{"error": {"code": 404, "message": "No model.", "status": "NOT_FOUND"}}]',
            *(404, "not_found_error", "No model."),
        ),
        (
            '{"object": "error", "message": "Bad n.", "type": "invalid_request_error"}',
            *(400, "invalid_request_error", "Bad n."),
        ),
        (
            '{"success": false, "errors": [{"code": 10000, "message": "Who are you?"}]}',
            *(403, "permission_error", "Who are you?"),
        ),
        (
            '{"error": {"code": 429, "message": "Slow down."}}',
            *(429, "rate_limit_error", "Slow down."),
        ),
        ('{"error": "Too long."}', 413, "request_too_large", "Too long."),
        ("<html>", 529, "overloaded_error", "The provider answered with an error."),
        ("[[]]", 500, "api_error", "The provider answered with an error."),
        ('{"errors": []}', 401, "authentication_error", "The provider answered with an error."),
    ],
)
def test_errors_of_compatible_providers(text: str, status: int, kind: str, message: str) -> None:
    made = json.loads(TRANSLATION.error(text, status))
    assert made == {"type": "error", "error": {"type": kind, "message": message}}


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
            {"messages": [{"role": "assistant", "content": [{"type": "server_tool_use"}]}, *HELLO]},
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
