"""Parts of an answer that the caller's dialect lacks: the rest is passed on, and not stored."""

import json
from typing import Any

import pytest

from gateway.formats.sse import MOST_EVENT_BYTES, EventReader
from gateway.providers.anthropic.translation import ChatOverMessages
from gateway.providers.messages_over_chat.translation import MessagesOverChat
from gateway.providers.registry import PROVIDERS
from tests.doubles import anthropic_api
from tests.doubles.openai_api import Behaviour
from tests.worker import fixtures
from tests.worker.edge import Edge, Tenant
from tests.worker.faults import entries, exactly
from tests.worker.sdks import MODEL, chat_streamed, chat_whole, native, openai_sdk, sdk, streamed

CLAUDE = {"model": MODEL, "messages": [{"role": "user", "content": "hello"}]}
MESSAGES = MessagesOverChat(PROVIDERS["together"].capabilities, limit="max_tokens")
LOST_OF_ANTHROPIC = {
    "server_tool": {"server_tool_use", "web_search_tool_result"},
    "unknown_delta.broken.sse": {"hologram_delta"},
}
DELTAS: dict[str, dict[str, Any]] = {
    "audio": {"audio": {"id": "a", "data": "AAAA"}},
    "annotations": {"annotations": [{"type": "url_citation", "url": "https://a.example"}]},
    "images": {"images": [{"type": "image_url", "image_url": {"url": "data:,"}}]},
    "executed_tools": {"executed_tools": [{"index": 0, "type": "search"}]},
}
HARMLESS: dict[str, Any] = {
    "role": "assistant",
    "annotations": [],
    "audio": None,
    "channel": "final",
    "token_id": 7,
    "reasoning": "Hm.",
    "reasoning_details": [{"type": "reasoning.text", "text": "Hm."}],
}


def stream_of(*deltas: dict[str, Any]) -> bytes:
    """An OpenAI-like stream that says ``You said hello`` besides these deltas."""
    said = [*deltas, {"content": "You said hello"}]
    choices: list[Any] = [{"index": 0, "delta": one, "finish_reason": None} for one in said]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    usage = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
    chunks = [{**head, "choices": [choice]} for choice in choices]
    chunks.append({**head, "choices": [], "usage": usage})
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()


@pytest.mark.parametrize(
    "name", [*fixtures.names("anthropic"), *fixtures.broken("anthropic"), "ping"]
)
def test_what_chat_has_no_place_for(name: str) -> None:
    transform = ChatOverMessages().stream()
    transform(
        b'data: {"type": "ping"}\n\n' if name == "ping" else fixtures.stream("anthropic", name)
    )
    assert transform.lost == LOST_OF_ANTHROPIC.get(name, set())
    if name in fixtures.names("anthropic"):
        whole = fixtures.answer("anthropic", name)
        assert ChatOverMessages().lost(whole) == LOST_OF_ANTHROPIC.get(name, set())


def test_an_event_that_is_not_known() -> None:
    transform = ChatOverMessages().stream()
    assert transform(b'data: {"type": "content_patch", "index": 0}\n\n') == b""
    assert transform.lost == {"content_patch"}


@pytest.mark.parametrize("name", fixtures.names("openai"))
def test_messages_have_a_place_for_what_is_recorded(name: str) -> None:
    transform = MESSAGES.stream()
    transform(fixtures.stream("openai", name))
    assert transform.lost == MESSAGES.lost(fixtures.answer("openai", name)) == set()


@pytest.mark.parametrize("name", DELTAS)
def test_what_messages_have_no_place_for(name: str) -> None:
    transform = MESSAGES.stream()
    made = b"".join(transform(bytes([byte])) for byte in stream_of(HARMLESS, DELTAS[name]))
    assert transform.lost == {name}
    assert EventReader().feed(made)[-1].name == "message_stop"
    message = {"content": "x", **HARMLESS, **DELTAS[name]}
    assert MESSAGES.lost({"choices": [{"message": message, "finish_reason": "stop"}]}) == {name}


@pytest.mark.parametrize("transform", [ChatOverMessages().stream(), MESSAGES.stream()])
def test_an_event_without_an_end_is_held_up_to_a_limit(transform: Any) -> None:
    piece = b"x" * 2**20
    sent = [transform(b"data: " + piece)]
    sent += [transform(piece) for _ in range(MOST_EVENT_BYTES // len(piece))]
    (said,) = (part for part in sent if part)
    assert "cannot be read" in said.decode()
    assert transform(piece) == transform(b"\n\n") == transform(b"") == b""


def test_only_some_of_the_unknown_kinds_are_named() -> None:
    transform = ChatOverMessages().stream()
    for number in range(1_000):
        transform(f'data: {{"type": "kind {number}"}}\n\n'.encode())
    assert 10 < len(transform.lost) < 100


def test_labels_of_providers_are_no_content() -> None:
    transform = MESSAGES.stream()
    transform(stream_of(HARMLESS))
    assert transform.lost == set()


@pytest.mark.parametrize("name", LOST_OF_ANTHROPIC)
def test_a_chat_stream_without_a_part_is_not_stored(edge: Edge, tenant: Tenant, name: str) -> None:
    raw = anthropic_api.Behaviour("raw", body=fixtures.stream("anthropic", name))
    edge.anthropic.behave(MODEL, raw)
    with openai_sdk(tenant) as client:
        seen = [chat_streamed(client, CLAUDE) for _ in range(2)]
    assert [status for status, _ in seen] == ["MISS", "MISS"]
    assert seen[0][1]["choices"][0]["finish_reason"] == "stop"
    rows = exactly(edge, tenant, 2)
    assert {(row["status"], row["error_code"]) for row in rows} == {(200, None)}
    assert entries(edge, tenant) == []
    assert edge.log().count("answer_not_translatable") >= 2


def test_a_whole_chat_answer_without_a_part_is_not_stored(edge: Edge, tenant: Tenant) -> None:
    body = json.dumps(fixtures.answer("anthropic", "server_tool")).encode()
    raw = anthropic_api.Behaviour("raw", body=body, content_type="application/json")
    edge.anthropic.behave(MODEL, raw)
    with openai_sdk(tenant) as client:
        seen = [chat_whole(client, CLAUDE) for _ in range(2)]
    assert [status for status, _ in seen] == ["MISS", "MISS"]
    assert seen[0][1]["choices"][0]["message"]["content"] == "Sunny."
    exactly(edge, tenant, 2)
    assert entries(edge, tenant) == []


def test_a_message_without_a_part_is_not_stored(edge: Edge, tenant: Tenant) -> None:
    raw = Behaviour("raw", status=200, body=stream_of(DELTAS["annotations"]))
    edge.openai.behave("gpt-4o", raw)
    body = native("hello", model="gpt-4o")
    with sdk(tenant) as client:
        seen = [streamed(client, body) for _ in range(2)]
    assert [status for status, _ in seen] == ["MISS", "MISS"]
    assert seen[0][1]["content"][0]["text"] == "You said hello"
    exactly(edge, tenant, 2)
    assert entries(edge, tenant) == []
