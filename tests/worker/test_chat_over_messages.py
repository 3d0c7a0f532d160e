"""OpenAI's chat completions on Anthropic's models: answers, streams, errors. Requests:
test_chat_over_messages_requests.py, test_chat_over_messages_options.py.
"""

import json
from typing import Any

import pytest
from openai.lib.streaming._deltas import accumulate_delta

from gateway.formats.base import Usage
from gateway.formats.chat import ChatAssembler, ChatFormat
from gateway.formats.sse import EventReader
from gateway.providers.anthropic import answer
from gateway.providers.anthropic.translation import ModelList
from tests.worker import fixtures
from tests.worker.chat_to_anthropic import HELLO, TRANSLATION

FORMAT = ChatFormat()
NAMES = fixtures.names("anthropic")


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
