"""Streams cut at every byte: the reader, the assembler and the filter see the same events."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.formats.chat import ChatAssembler, ChatFormat
from gateway.formats.sse import Event, EventFilter, EventReader, encode

REQUEST: dict[str, Any] = {"model": "m", "messages": [], "stream": True}


def chunk(delta: dict[str, Any], index: int = 0, end: str | None = None) -> dict[str, Any]:
    """One chunk of a recorded stream."""
    choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": end}
    return {"id": "c1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}


def call(index: int, **function: str) -> dict[str, Any]:
    """The delta of a tool call."""
    return {"tool_calls": [{"index": index, "function": function}]}


CHUNKS = [
    chunk({"role": "assistant", "content": "", "refusal": None}),
    chunk({"content": "Grüße "}),
    chunk({"content": "\U0001f600 \u2028 data: x"}),
    chunk({"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f"}}]}),
    chunk({"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g"}}]}),
    chunk(call(0, arguments='{"x":')),
    chunk(call(1, arguments="{}")),
    chunk(call(0, arguments=' "\\n"}')),
    chunk({}, end="tool_calls"),
    {"id": "c1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}},
]
ANSWER: dict[str, Any] = {
    "role": "assistant",
    "content": "Grüße \U0001f600 \u2028 data: x",
    "refusal": None,
    "tool_calls": [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": "\\n"}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ],
}


def recorded(newline: str = "\n") -> bytes:
    """The stream with comments, other fields, and any line ends."""
    lines = [": open", "retry: 5", ""]
    for number, item in enumerate(CHUNKS):
        text = json.dumps(item, ensure_ascii=number % 2 == 0)
        lines += ["id: 7", f"data: {text}" if number % 3 else f"data:{text}", ""]
    lines += [": ping", "", "data: [DONE]", "", ""]
    return newline.join(lines).encode()


STREAMS = {"LF": recorded(), "CRLF": recorded("\r\n"), "CR": recorded("\r")}
EXPECTED = [Event(json.dumps(item, ensure_ascii=n % 2 == 0)) for n, item in enumerate(CHUNKS)]


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """``data`` cut at these places."""
    places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in pairwise(places) if a < b]


def read(parts: list[bytes]) -> list[Event]:
    """All events of a stream."""
    reader = EventReader()
    found = [event for part in parts for event in reader.feed(part)]
    # A lone CR at the very end could be half of a CRLF: the last event waits for what follows.
    return found + reader.feed(b"\n")


def check(parts: list[bytes]) -> None:
    """The parts are the recorded stream, for the reader and for the assembler."""
    events = read(parts)
    assert events == [*EXPECTED, Event("[DONE]")]
    assembler = ChatAssembler(REQUEST)
    for event in events:
        assembler.feed(event)
    answer = assembler.finish()
    assert answer is not None
    assert answer["choices"][0]["message"] == ANSWER
    assert assembler.usage().completion == 5


@pytest.mark.parametrize("name", STREAMS)
def test_two_parts_at_every_byte(name: str) -> None:
    data = STREAMS[name]
    for cut in range(len(data) + 1):
        check([data[:cut], data[cut:]])


@pytest.mark.parametrize("name", STREAMS)
def test_byte_by_byte(name: str) -> None:
    check([bytes([byte]) for byte in STREAMS[name]])


@settings(max_examples=150)
@given(st.sampled_from(sorted(STREAMS)), st.lists(st.integers(0, 5000), max_size=40))
def test_any_cuts(name: str, cuts: list[int]) -> None:
    check(pieces(STREAMS[name], cuts))


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_that_ends_at_any_byte_gives_no_answer(name: str) -> None:
    data = STREAMS[name]
    # With its reason the choice is complete, whether ``[DONE]`` follows or not.
    end = data.rindex(b'"finish_reason": "tool_calls"')
    for cut in range(end):
        assembler = ChatAssembler(REQUEST)
        for event in EventReader().feed(data[:cut]):
            assembler.feed(event)
        assert assembler.finish() is None, data[:cut][-40:]


def filtered(parts: list[bytes]) -> bytes:
    """What a client gets that did not ask for usage."""
    hide = ChatFormat().client_filter(REQUEST, stream_usage=True)
    assert hide is not None
    return b"".join([*(hide(part) for part in parts), hide(b"")])


@pytest.mark.parametrize("name", STREAMS)
def test_the_filter_takes_out_the_usage_event_at_every_cut(name: str) -> None:
    data = STREAMS[name]
    whole = filtered([data])
    assert b'"usage"' not in whole
    assert read([whole]) == [*EXPECTED[:-1], Event("[DONE]")]
    for cut in range(len(data) + 1):
        assert filtered([data[:cut], data[cut:]]) == whole, cut
    assert filtered([bytes([byte]) for byte in data]) == whole


def test_the_filter_leaves_every_other_byte_as_it_was() -> None:
    data = b'data: {"usage": 1, "choices": [1]}\n\nevent: x\ndata: {"usage"\n\n: "usage"\n\nrest'
    assert filtered([data]) == data


@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        (b'{"choices": [1], "usage": null}', b'{"choices": [1]}'),
        (b'{"choices":[1],"usage":null,"x":1}', b'{"choices":[1],"x":1}'),
        (b'{"usage" : null , "choices": [1]}', b'{"choices": [1]}'),
        (b'{"x":{"usage":null},"usage":null}', b'{"x":{"usage":null}}'),
        (b'{"x":{"usage":null,"y":1}}', b'{"x":{"usage":null,"y":1}}'),
        (b'{"x":"\\"usage\\":null,","usage":null}', b'{"x":"\\"usage\\":null,"}'),
        (b'{"x\\"usage":null,"usage":null}', b'{"x\\"usage":null}'),
    ],
)
def test_the_null_of_usage_that_was_not_asked_for_is_taken_out(sent: bytes, passed: bytes) -> None:
    stream = b"id: 1\r\ndata: " + sent + b"\r\n\r\n"
    assert filtered([stream]) == stream.replace(sent, passed)


def test_where_a_chunk_has_many_members_called_usage_it_stays_as_it_is() -> None:
    inner = b'{"usage":null,"y":1},' * 10
    stream = b'data: {"x":[' + inner + b'1],"usage":null}\n\n'
    assert filtered([stream]) == stream


def test_the_filter_asked_for_nothing_is_none() -> None:
    wants = {**REQUEST, "stream_options": {"include_usage": True}}
    assert ChatFormat().client_filter(wants, stream_usage=True) is None


class _Dropper(EventFilter):
    """Drops events whose data is ``drop``, with little room."""

    def __init__(self) -> None:
        super().__init__(b"drop", limit=20)

    def changed(self, part: bytes, data: str) -> bytes:
        return b"" if data == "drop" else part


BLOCKS = st.lists(
    st.sampled_from([b"data: a\n\n", b"data: drop\n\n", b"data: " + b"x" * 30 + b"\n\n", b":\n\n"]),
    max_size=8,
)


@given(BLOCKS, st.lists(st.integers(0, 300), max_size=20))
def test_events_longer_than_the_filters_room_pass_whole(
    blocks: list[bytes], cuts: list[int]
) -> None:
    data = b"".join(blocks)
    kept = b"".join(block for block in blocks if block != b"data: drop\n\n")
    dropper = _Dropper()
    passed = b"".join([*(dropper(part) for part in pieces(data, cuts)), dropper(b"")])
    assert passed == kept


def test_the_end_of_a_long_event_is_seen_where_it_is_cut() -> None:
    end = b"data: " + b"x" * 30 + b"\r\n\r\n"
    data = end + b"data: drop\n\n" + b"data: a\n\n"
    for cut in range(len(data) + 1):
        dropper = _Dropper()
        parts = [dropper(data[:cut]), dropper(data[cut:]), dropper(b"")]
        assert b"".join(parts) == end + b"data: a\n\n", cut


@given(st.lists(st.text(), min_size=1, max_size=5), st.lists(st.integers(0, 400), max_size=10))
def test_what_is_encoded_is_read_back(texts: list[str], cuts: list[int]) -> None:
    data = encode([{"text": text} for text in texts])
    data.decode()  # valid UTF-8, whatever the text
    events = read(pieces(data, cuts))
    assert [json.loads(event.data)["text"] for event in events] == texts


def test_a_byte_order_mark_before_the_first_event() -> None:
    data = b"\xef\xbb\xbfdata: a\n\ndata: b\n\n"
    for cut in range(len(data)):
        assert read([data[:cut], data[cut:]]) == [Event("a"), Event("b")]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_any_bytes_are_read(data: bytes, cuts: list[int]) -> None:
    reader, assembler = EventReader(), ChatAssembler(REQUEST)
    for part in pieces(data, cuts):
        for event in reader.feed(part):
            assembler.feed(event)
    assert assembler.finish() is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "index", "usage", "x_groq", "tool_calls", "error"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@given(st.lists(JSON, max_size=5))
def test_any_json_is_assembled_or_refused(chunks: list[Any]) -> None:
    assembler = ChatAssembler(REQUEST)
    for item in chunks:
        assembler.feed(Event(json.dumps(item)))
    assembler.feed(Event("[DONE]"))
    assembler.usage()
    assembler.finish()
