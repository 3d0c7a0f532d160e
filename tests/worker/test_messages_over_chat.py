"""Anthropic's Messages API on OpenAI-compatible providers: answers, streams, errors. Requests:
test_messages_over_chat_requests.py.
"""

import json
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from pydantic import TypeAdapter

from gateway.formats.base import Usage
from gateway.formats.sse import EventReader
from tests.worker import fixtures
from tests.worker.messages_to_openai import FORMAT, TRANSLATION, assembled, stream

_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
NAMES = fixtures.names("openai")


# --- streams ---


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
