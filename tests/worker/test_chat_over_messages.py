"""OpenAI's chat completions on Anthropic's models: requests, answers, streams, errors."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming._deltas import accumulate_delta

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Usage
from gateway.formats.chat import ChatAssembler, ChatFormat
from gateway.formats.sse import EventReader
from gateway.providers.anthropic import answer, generations, request
from gateway.providers.anthropic.translation import ChatOverMessages, ModelList
from local_stack.anthropic_api.requests import VERSIONS, check, signature
from tests.worker import fixtures

TRANSLATION = ChatOverMessages()
FORMAT = ChatFormat()
NAMES = fixtures.names("anthropic")
HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
TIME = {"type": "function", "function": {"name": "time"}}


def translated(**body: Any) -> dict[str, Any]:
    """The request that Anthropic gets; it would take it."""
    made = TRANSLATION.request({"model": "claude-sonnet-4-6", "messages": HELLO, **body})
    check(made, VERSIONS[0])
    return made


def stream(*chunks: bytes) -> bytes:
    transform = TRANSLATION.stream()
    return b"".join([*(transform(chunk) for chunk in chunks), transform(b"")])


def assembled(data: bytes) -> dict[str, Any] | None:
    assembler = ChatAssembler({})
    for event in EventReader().feed(data):
        assembler.feed(event)
    return assembler.finish()


def chunks(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(e.data) for e in EventReader().feed(data) if e.data != "[DONE]"]


def comparable(completion: dict[str, Any]) -> dict[str, Any]:
    """Without the clock, and arguments as JSON values rather than as text."""
    completion = json.loads(json.dumps({**completion, "created": 0}))
    for choice in completion["choices"]:
        for call in choice["message"].get("tool_calls") or ():
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        if not choice["message"]["content"]:
            choice["message"]["content"] = None
    return completion


# --- streams ---


@pytest.mark.parametrize("name", NAMES)
def test_stream_adds_up_to_the_whole_answer(name: str) -> None:
    whole = TRANSLATION.answer(fixtures.answer("anthropic", name))
    made = assembled(stream(fixtures.stream("anthropic", name)))
    if name == "refusal":
        assert made is None  # filtered: never stored
        assert whole["choices"][0]["finish_reason"] == "content_filter"
    else:
        assert made is not None
        assert comparable(made) == comparable(whole)
        assert FORMAT.storable(whole, {})


@pytest.mark.parametrize("name", [*NAMES, *fixtures.broken("anthropic")])
def test_stream_is_the_same_at_every_cut(name: str) -> None:
    source = fixtures.stream("anthropic", name)
    expected = [{**chunk, "created": 0} for chunk in chunks(stream(source))]
    for parts in (
        [bytes([byte]) for byte in source],
        *([source[:cut], source[cut:]] for cut in range(1, len(source))),
    ):
        assert [{**chunk, "created": 0} for chunk in chunks(stream(*parts))] == expected


@pytest.mark.parametrize("name", NAMES)
def test_every_event_is_passed_on_as_it_comes(name: str) -> None:
    transform = TRANSLATION.stream()
    for event in EventReader().feed(fixtures.stream("anthropic", name)):
        out = transform(f"event: {event.name}\ndata: {event.data}\n\n".encode())
        data = json.loads(event.data)
        silent = data["type"] in ("content_block_start", "content_block_stop")
        silent |= data.get("delta", {}).get("partial_json") == ""
        assert out or silent or name == "server_tool", event


@pytest.mark.parametrize("name", NAMES)
def test_openai_sdk_accumulates_original_and_replay_alike(name: str) -> None:
    def by_sdk(data: bytes) -> dict[Any, Any]:
        message: dict[Any, Any] = {}
        for chunk in chunks(data):
            for choice in chunk["choices"]:
                message = accumulate_delta(message, choice["delta"])
        return {k: v for k, v in message.items() if v}

    original = stream(fixtures.stream("anthropic", name))
    whole = assembled(original)
    if whole is not None:
        assert by_sdk(FORMAT.replay(whole, {})) == by_sdk(original)


@pytest.mark.parametrize("name", fixtures.broken("anthropic"))
def test_broken_streams_are_no_answer(name: str) -> None:
    data = stream(fixtures.stream("anthropic", name))
    if name.startswith("unknown"):
        return  # passed on without what chat has no place for: test_untranslated.py
    assert assembled(data) is None
    assert b"[DONE]" not in data


def test_an_error_event_is_what_openais_sdk_raises() -> None:
    data = stream(fixtures.stream("anthropic", "overloaded.broken"))
    assert chunks(data)[-1] == {
        "error": {
            "message": "Overloaded",
            "type": "server_error",
            "param": None,
            "code": "overloaded",
        }
    }


@pytest.mark.parametrize("garbage", [b"{", b"[]", b'{"type": "content_block_delta"}', b"null"])
def test_garbage_becomes_an_error_event(garbage: bytes) -> None:
    data = stream(b"data: " + garbage + b"\n\n")
    assert chunks(data)[-1]["error"]["type"] == "server_error"
    assert assembled(data + stream(fixtures.stream("anthropic", "text"))) is None


def test_usage_chunk_counts_cached_tokens_into_the_prompt() -> None:
    usage = chunks(stream(fixtures.stream("anthropic", "thinking")))[-1]["usage"]
    assert usage == {
        "prompt_tokens": 2025,
        "completion_tokens": 310,
        "total_tokens": 2335,
        "prompt_tokens_details": {"cached_tokens": 1800, "cache_write_tokens": 200},
        "completion_tokens_details": {"reasoning_tokens": 280},
    }
    assert FORMAT.usage({"usage": usage}) == Usage(2025, 310, 1800, 200)


# --- answers ---


def test_thinking_keeps_its_signatures_for_the_next_turn() -> None:
    whole = TRANSLATION.answer(fixtures.answer("anthropic", "thinking"))
    message = whole["choices"][0]["message"]
    assert message["reasoning_content"] == "27 * 453: 20 * 453 = 9060, 7 * 453 = 3171.Now the sum."
    sent = TRANSLATION.request(
        {"model": "claude-sonnet-5-5", "messages": [*HELLO, message, *HELLO]}
    )
    assert sent["messages"][1] == {
        "role": "assistant",
        "content": fixtures.answer("anthropic", "thinking")["content"],
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("text", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("parallel_tools", "tool_calls"),
        ("refusal", "content_filter"),
    ],
)
def test_finish_reasons(name: str, reason: str) -> None:
    whole = TRANSLATION.answer(fixtures.answer("anthropic", name))
    assert whole["choices"][0]["finish_reason"] == reason


def test_refusal_says_why() -> None:
    whole = TRANSLATION.answer(fixtures.answer("anthropic", "refusal"))
    assert whole["choices"][0]["message"]["refusal"] == "This request was declined."
    last = chunks(stream(fixtures.stream("anthropic", "refusal")))[-2]["choices"][0]
    assert last["delta"] == {"refusal": "This request was declined."}


def test_unknown_stop_reason_is_not_stored() -> None:
    whole = {**fixtures.answer("anthropic", "text"), "stop_reason": "something_new"}
    assert not FORMAT.storable(TRANSLATION.answer(whole), {})


@pytest.mark.parametrize("bad", [{}, {"type": "message"}, {"type": "error"}, []])
def test_what_is_no_message_raises(bad: Any) -> None:
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        TRANSLATION.answer(bad)


@pytest.mark.parametrize(
    ("kind", "expected"), [(kind, pair) for kind, pair in answer.ERRORS.items()]
)
def test_errors(kind: str, expected: tuple[str, str | None]) -> None:
    text = json.dumps({"type": "error", "error": {"type": kind, "message": "No."}})
    made = json.loads(TRANSLATION.error(text))["error"]
    assert (made["type"], made["code"]) == expected
    assert made["message"] == "No."
    assert made["param"] is None


def test_a_prompt_over_the_context_window_has_openais_code() -> None:
    message = "prompt is too long: 208310 tokens > 200000 maximum"
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    made = json.loads(TRANSLATION.error(json.dumps(error)))["error"]
    assert (made["type"], made["code"]) == ("invalid_request_error", "context_length_exceeded")


@pytest.mark.parametrize("text", ["<html>bad gateway</html>", "", "[]", '{"error": 3}'])
def test_an_unreadable_error_is_still_an_envelope(text: str) -> None:
    assert json.loads(TRANSLATION.error(text))["error"]["type"] == "server_error"


def test_model_list() -> None:
    listed = {"data": [{"type": "model", "id": "claude-x", "created_at": "2026-06-01T00:00:00Z"}]}
    assert ModelList().answer(listed)["data"] == [
        {"id": "claude-x", "object": "model", "created": 1_780_272_000, "owned_by": "anthropic"}
    ]


# --- requests: messages ---


def test_system_and_developer_messages_are_hoisted() -> None:
    made = translated(
        messages=[
            {"role": "system", "content": "Be brief."},
            *HELLO,
            {"role": "developer", "content": [{"type": "text", "text": "In French."}]},
        ]
    )
    assert made["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "In French."},
    ]
    assert made["messages"] == HELLO
    assert translated(messages=[{"role": "system", "content": "One."}, *HELLO])["system"] == "One."
    assert "system" not in translated()


def test_parallel_tool_results_stand_in_one_turn() -> None:
    call = {"type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
    made = translated(
        tools=[WEATHER],
        messages=[
            *HELLO,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {**call, "id": "a"},
                    {"id": "b", "type": "function", "function": {"name": "time", "arguments": ""}},
                ],
            },
            {"role": "tool", "tool_call_id": "a", "content": "sunny"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "noon"}]},
            {"role": "user", "content": "And?"},
        ],
    )
    assert made["messages"][1]["content"] == [
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Rome"}},
        {"type": "tool_use", "id": "b", "name": "time", "input": {}},
    ]
    assert made["messages"][2] == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "sunny"},
            {"type": "tool_result", "tool_use_id": "b", "content": "noon"},
            {"type": "text", "text": "And?"},
        ],
    }


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw==", "x": 1}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="},
            },
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        ),
        (
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
            },
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
        ),
        (
            {"type": "file", "file": {"file_data": "JVBE"}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            },
        ),
        (
            {
                "type": "file",
                "file": {"file_data": "data:text/plain;base64,aMOpbGxv"},
                "citations": {"enabled": True},
            },
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "héllo"},
                "citations": {"enabled": True},
            },
        ),
        (
            {"type": "file", "file": {"file_id": "file_011"}},
            {"type": "document", "source": {"type": "file", "file_id": "file_011"}},
        ),
        (
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ),
        (
            {"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
        ),
    ],
)
def test_content_parts(part: dict[str, Any], block: dict[str, Any]) -> None:
    made = translated(messages=[{"role": "user", "content": [part, {"type": "text", "text": ""}]}])
    assert made["messages"] == [{"role": "user", "content": [block]}]


def test_cache_control_passes_on_messages_and_tools() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    made = translated(
        tools=[{**WEATHER, **mark}],
        messages=[{"role": "system", "content": "Long.", **mark}, {**HELLO[0], **mark}],
    )
    assert made["system"] == [{"type": "text", "text": "Long.", **mark}]
    assert made["messages"][0]["content"] == [{"type": "text", "text": "Hello", **mark}]
    assert made["tools"][0]["cache_control"] == mark["cache_control"]


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
