"""Anthropic's messages: whole ``message`` objects and their event streams.

Source: Anthropic's API reference, "Create a Message" and "Streaming messages". Usage counts of a
``message_delta`` are cumulative: they replace those of ``message_start``.
"""

from collections.abc import Iterator
from typing import Any

from gateway.core import strict_json
from gateway.formats.base import ClientFilter, Json, Places, Usage, count, tier_name
from gateway.formats.labels import END_COUNTS, RAW_INPUTS, shown
from gateway.formats.merge import characters
from gateway.formats.pieces import pieces
from gateway.formats.sse import Event, encode

_GOOD_ENDINGS = (
    *("end_turn", "max_tokens", "stop_sequence", "tool_use"),
    "model_context_window_exceeded",
)
"""Not ``refusal``, which a classifier decides, nor ``pause_turn``, which is half an answer."""

_COUNTS_AT_THE_END = (
    "input_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "output_tokens",
    "server_tool_use",
    "output_tokens_details",
)


class MessagesAssembler:
    """Collects events into one ``message``. Deltas of an unknown kind make it unusable: what it
    would assemble without them is not what the model said."""

    def __init__(self) -> None:
        self._answer: Json = {}
        self._texts: dict[tuple[int, str], list[str]] = {}
        self._usage: Json = {}
        self._raw_inputs: dict[str, str] = {}
        self._counted_at_end: list[str] = []
        self.done = False
        self.collected = 0
        self._broken = False
        self._forgotten = False

    def feed(self, event: Event) -> None:
        """Take one event of the stream."""
        try:
            data = strict_json.answer(event.data)
            self._take(data["type"], data)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            self._broken = True

    def finish(self) -> Json | None:
        """The message, when ``message_stop`` was seen and it ended well."""
        if self._broken or self._forgotten or not self.done:
            return None
        answer = {**self._answer, "usage": self._usage}
        if self._raw_inputs:
            answer[RAW_INPUTS] = self._raw_inputs
        if self._counted_at_end != _counted(self._usage):
            answer[END_COUNTS] = self._counted_at_end
        return answer if _complete(answer) else None

    def usage(self) -> Usage:
        """Token counts seen so far."""
        return read_usage(self._usage)

    def forget(self) -> None:
        """Stop collecting; usage is still watched."""
        self._forgotten = True
        self._answer.clear()
        self._texts.clear()
        self._raw_inputs.clear()

    def _take(self, kind: str, data: Json) -> None:
        if self.done or (kind == "message_stop" and self._texts):
            self._broken = True
        elif kind == "message_start":
            self._answer = {**data["message"], "content": []}
            self._usage = dict(data["message"].get("usage") or {})
        elif kind == "message_delta":
            counted = {k: v for k, v in (data.get("usage") or {}).items() if v is not None}
            self._counted_at_end = _counted(counted)
            self._usage |= counted
            extra = {k: v for k, v in data.items() if k not in ("type", "delta", "usage")}
            self._answer |= {**extra, **data["delta"]}
        elif kind == "message_stop":
            self.done = True
        elif kind.startswith("content_block_"):
            if not self._forgotten:
                self._take_block(kind, data)
        elif kind != "ping":
            self._broken = True

    def _take_block(self, kind: str, data: Json) -> None:
        index, content = data["index"], self._answer["content"]
        if kind == "content_block_start":
            if index != len(content):
                raise ValueError("blocks out of order")
            content.append(dict(data["content_block"]))
            self.collected += characters(data["content_block"])
        elif kind == "content_block_delta":
            self._take_delta(index, content[index], data["delta"])
        else:
            self._end_block(index, content[index])

    def _take_delta(self, index: int, block: Json, delta: Json) -> None:
        match delta["type"]:
            case "text_delta":
                self._grow(index, "text", delta["text"])
            case "thinking_delta":
                self._grow(index, "thinking", delta["thinking"])
            case "signature_delta":
                block["signature"] = delta["signature"]
            case "input_json_delta":
                self._grow(index, "input", delta["partial_json"])
            case "citations_delta":
                block["citations"] = [*(block.get("citations") or ()), delta["citation"]]
                self.collected += characters(delta["citation"])
            case _:
                self._broken = True

    def _grow(self, index: int, field: str, text: str) -> None:
        self._texts.setdefault((index, field), []).append(text)
        self.collected += len(text)

    def _end_block(self, index: int, block: Json) -> None:
        for field in ("text", "thinking"):
            block_text = self._texts.pop((index, field), None)
            if block_text is not None:
                block[field] += "".join(block_text)
        if text := "".join(self._texts.pop((index, "input"), ())):
            block["input"] = strict_json.answer(text)
            if strict_json.dumps(block["input"]) != text:
                self._raw_inputs[str(index)] = text


class MessagesFormat:
    """``/v1/messages``."""

    name = "messages"

    def assembler(
        self,
        request: Json,  # noqa: ARG002 (needs nothing of it)
        *,
        usage_at: Places = (),  # noqa: ARG002 (Anthropic's streams tell it in one place)
    ) -> MessagesAssembler:
        """See ``Format``."""
        return MessagesAssembler()

    def storable(self, answer: Json, request: Json) -> bool:  # noqa: ARG002
        """The message ended by itself, by a limit or by calling tools."""
        return _complete(answer)

    def usage(self, answer: Json) -> Usage:
        """See ``Format``."""
        return read_usage(answer.get("usage"))

    def text(self, answer: Json) -> str | None:  # noqa: ARG002
        """Not compared by meaning: the semantic tier serves chat completions."""
        return None

    def replay(self, answer: Json, request: Json, *, usage_with_end: bool = False) -> bytes:  # noqa: ARG002
        """Per content block its start, its content in pieces and its stop, between
        ``message_start`` and ``message_stop``."""
        return encode(_events(answer), named=True)

    def upstream_body(self, request: Json, *, stream_usage: bool) -> Json:  # noqa: ARG002
        """As it is: streams always tell their usage."""
        return request

    def client_filter(self, request: Json, *, stream_usage: bool) -> ClientFilter | None:  # noqa: ARG002
        """Nothing to hide."""
        return None


def read_usage(usage: Any) -> Usage:
    """Anthropic's ``usage``: tokens read from and written to the prompt cache stand beside
    ``input_tokens`` and belong to the prompt."""
    if not isinstance(usage, dict):
        return Usage()
    plain = count(usage.get("input_tokens"))
    read = count(usage.get("cache_read_input_tokens"))
    written = count(usage.get("cache_creation_input_tokens"))
    return Usage(
        prompt=None if plain is None else count(plain + (read or 0) + (written or 0)),
        completion=count(usage.get("output_tokens")),
        cached=read,
        cache_write=written,
        cache_write_hour=written_for_an_hour(usage),
        service_tier="fast"
        if usage.get("speed") == "fast"
        else tier_name(usage.get("service_tier")),
    )


def written_for_an_hour(usage: Json) -> int | None:
    """Tokens written to the prompt cache with ``ttl: "1h"``."""
    by_time = usage.get("cache_creation")
    found = by_time.get("ephemeral_1h_input_tokens") if isinstance(by_time, dict) else None
    return count(found)


def _complete(answer: Json) -> bool:
    return (
        answer.get("type") == "message"
        and isinstance(answer.get("content"), list)
        and all(isinstance(block, dict) and "type" in block for block in answer["content"])
        and answer.get("stop_reason") in _GOOD_ENDINGS
        and all(
            isinstance(block.get("input"), dict)
            for block in answer["content"]
            if block["type"] == "tool_use"
        )
        and (answer["stop_reason"] != "end_turn" or _says_something(answer["content"]))
        and (answer["stop_reason"] != "tool_use" or _calls_something(answer["content"]))
    )


def _says_something(content: list[Json]) -> bool:
    """A block besides thinking, if it is a text one that is not empty."""
    return any(
        block.get("text") != ""
        for block in content
        if block["type"] not in ("thinking", "redacted_thinking")
    )


def _calls_something(content: list[Json]) -> bool:
    return any(block["type"] == "tool_use" for block in content)


def _events(answer: Json) -> Iterator[Json]:
    ending = {
        name: answer[name]
        for name in ("stop_reason", "stop_sequence", "stop_details", "container")
        if name in answer
    }
    usage = answer.get("usage") or {}
    raw_inputs = answer.get(RAW_INPUTS) or {}
    begun: Json = {**shown(answer), "content": []}
    begun |= dict.fromkeys(ending)
    if count(usage.get("output_tokens")):
        # As it is when a stream begins: clients that add the two counts up would double them.
        begun["usage"] = {**usage, "output_tokens": 1}
    yield {"type": "message_start", "message": begun}
    for index, block in enumerate(answer["content"]):
        start, deltas = _parts(block, raw_inputs.get(str(index)))
        yield {"type": "content_block_start", "index": index, "content_block": start}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    counts = {name: usage[name] for name in answer.get(END_COUNTS, _counted(usage))}
    extra = {k: v for k, v in answer.items() if k == "context_management"}
    yield {"type": "message_delta", "delta": ending, "usage": counts, **extra}
    yield {"type": "message_stop"}


def _counted(usage: Json) -> list[str]:
    """The names of those counts that come at the end of a stream."""
    return [name for name in _COUNTS_AT_THE_END if usage.get(name) is not None]


def _parts(block: Json, raw_input: str | None) -> tuple[Json, list[Json]]:
    """A block as it begins, and the deltas that complete it. Kinds that the protocol does not
    stream (redacted thinking, server tools' results) begin whole."""
    match block["type"]:
        case "text":
            start = {**block, "text": ""}
            deltas = [{"type": "text_delta", "text": piece} for piece in pieces(block["text"])]
            if block.get("citations"):
                start["citations"] = []
                deltas += [
                    {"type": "citations_delta", "citation": item} for item in block["citations"]
                ]
            return start, deltas
        case "thinking":
            start = {**block, "thinking": "", "signature": ""}
            deltas = [
                {"type": "thinking_delta", "thinking": piece} for piece in pieces(block["thinking"])
            ]
            if block.get("signature"):
                deltas.append({"type": "signature_delta", "signature": block["signature"]})
            return start, deltas
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            text = raw_input
            if text is None:
                text = strict_json.dumps(block["input"]) if block["input"] else ""
            deltas = [
                {"type": "input_json_delta", "partial_json": piece} for piece in ("", *pieces(text))
            ]
            return {**block, "input": {}}, deltas
    return block, []
