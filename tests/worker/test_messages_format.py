"""Anthropic's answers: assembled from streams at any cut, replayed, judged, counted."""

import json
from typing import Any

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gateway.formats.base import Usage
from gateway.formats.labels import shown
from gateway.formats.messages import MessagesAssembler, MessagesFormat
from gateway.formats.sse import EventReader, encode
from tests.worker import fixtures

FORMAT = MessagesFormat()
NAMES = fixtures.names("anthropic")
_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def assembled(*chunks: bytes) -> dict[str, Any] | None:
    assembler, reader = MessagesAssembler(), EventReader()
    for chunk in chunks:
        for event in reader.feed(chunk):
            assembler.feed(event)
    answer = assembler.finish()
    return None if answer is None else shown(answer)


def by_sdk(stream: bytes) -> dict[str, Any]:
    """What Anthropic's SDK makes of a stream."""
    snapshot, buffers = None, {}
    for event in EventReader().feed(stream):
        data = json.loads(event.data)
        assert event.name == data["type"]
        if data["type"] == "ping":
            continue
        parsed = _EVENT.validate_python(data)
        snapshot = accumulate_event(event=parsed, current_snapshot=snapshot, json_bufs=buffers)
    assert snapshot is not None
    return snapshot.to_dict()


@pytest.mark.parametrize("name", NAMES)
def test_assembles_to_the_whole_answer_at_every_cut(name: str) -> None:
    stream, whole = fixtures.stream("anthropic", name), fixtures.answer("anthropic", name)
    expected = whole if whole["stop_reason"] != "refusal" else None
    assert assembled(stream) == expected
    assert assembled(*(bytes([byte]) for byte in stream)) == expected
    for cut in range(len(stream)):
        assert assembled(stream[:cut], stream[cut:]) == expected


@pytest.mark.parametrize("name", NAMES)
def test_no_beginning_of_a_stream_is_an_answer(name: str) -> None:
    stream = fixtures.stream("anthropic", name)
    for cut in range(0, len(stream) - 1, 7):
        assert assembled(stream[:cut]) is None


@pytest.mark.parametrize("name", NAMES)
def test_sdk_makes_the_same_of_original_and_replay(name: str) -> None:
    whole = fixtures.answer("anthropic", name)
    original = by_sdk(fixtures.stream("anthropic", name))
    replayed = FORMAT.replay(whole, {})
    assert by_sdk(replayed) == original
    assert original == Message.model_validate(whole).to_dict()
    if whole["stop_reason"] != "refusal":
        assert assembled(replayed) == whole


@pytest.mark.parametrize("name", fixtures.broken("anthropic"))
def test_broken_streams_give_no_answer_but_their_usage(name: str) -> None:
    assembler = MessagesAssembler()
    for event in EventReader().feed(fixtures.stream("anthropic", name)):
        assembler.feed(event)
    assert assembler.finish() is None
    assert assembler.usage().prompt == 25


@pytest.mark.parametrize(
    "events",
    [
        [b"data: {not json\n\n"],
        [b'data: {"no": "type"}\n\n'],
        [b"data: [1]\n\n"],
        [b'event: content_block_delta\ndata: {"type": "content_block_delta", "index": 3}\n\n'],
        [b'data: {"type": "message_stop"}\n\n', b'data: {"type": "ping"}\n\n'],
    ],
)
def test_garbage_never_raises(events: list[bytes]) -> None:
    assert assembled(fixtures.stream("anthropic", "text"), *events) is None
    assert assembled(*events, fixtures.stream("anthropic", "text")) is None


def test_cached_tokens_belong_to_the_prompt() -> None:
    thinking = fixtures.answer("anthropic", "thinking")
    assert FORMAT.usage(thinking) == Usage(
        prompt=25 + 1800 + 200,
        completion=310,
        cached=1800,
        cache_write=200,
        cache_write_hour=0,
        service_tier="standard",
    )
    assert FORMAT.usage({"type": "message"}) == Usage()


def test_forgetting_keeps_the_usage() -> None:
    assembler = MessagesAssembler()
    events = EventReader().feed(fixtures.stream("anthropic", "thinking"))
    for position, event in enumerate(events):
        assembler.feed(event)
        if position == 5:
            assembler.forget()
    assert assembler.finish() is None
    assert assembler.usage().completion == 310


@pytest.mark.parametrize("reason", ["refusal", "pause_turn", "a_new_reason", None])
def test_what_was_stopped_or_paused_is_not_stored(reason: str | None) -> None:
    whole = fixtures.answer("anthropic", "text")
    assert FORMAT.storable(whole, {})
    assert not FORMAT.storable({**whole, "stop_reason": reason}, {})


_TEXT = st.text(max_size=20)
_JSON = st.dictionaries(_TEXT, st.one_of(_TEXT, st.integers(), st.booleans(), st.none()))
_BLOCKS = st.one_of(
    st.builds(lambda text: {"type": "text", "text": text}, _TEXT),
    st.builds(
        lambda text, cited: {"type": "text", "text": text, "citations": cited},
        _TEXT,
        st.lists(st.builds(lambda text: {"type": "char_location", "cited_text": text}, _TEXT)),
    ),
    st.builds(
        lambda text, mark: {"type": "thinking", "thinking": text, "signature": mark}, _TEXT, _TEXT
    ),
    st.builds(lambda data: {"type": "redacted_thinking", "data": data}, _TEXT),
    st.builds(
        lambda name, value: {"type": "tool_use", "id": "toolu_1", "name": name, "input": value},
        _TEXT,
        _JSON,
    ),
)


@given(
    st.lists(_BLOCKS, max_size=5),
    st.sampled_from(["end_turn", "max_tokens", "tool_use"]),
    st.data(),
)
def test_replay_and_assembly_are_inverse(
    content: list[dict[str, Any]], reason: str, data: st.DataObject
) -> None:
    whole = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 5, "service_tier": "standard"},
    }
    stream = FORMAT.replay(whole, {})
    cut = data.draw(st.integers(0, len(stream)))
    expected = whole if FORMAT.storable(whole, {}) else None
    assert assembled(stream[:cut], stream[cut:]) == expected
    assert encode([{"type": "message_stop"}], named=True) == stream[-len(_STOP) :]


_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
