"""``chat.completion.chunk`` events as Anthropic's event stream, event by event.

Anthropic's grammar has one content block after the other, each opened and closed; OpenAI's chunks
have deltas. A block is opened by the first delta of its kind and closed by the first of another.
"""

from gateway.core import strict_json
from gateway.formats.base import Json
from gateway.formats.sse import Event, EventReader, encode
from gateway.providers.messages_over_chat import answer

_UNREADABLE = {"error": {"message": "The provider's stream cannot be read."}}


class MessageEvents:
    """A ``StreamTranslation``."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self._reader = EventReader()
        self._begun = False
        self._blocks = 0
        self._open: str | int | None = None
        """The open block: ``text``, ``thinking`` or the index of a tool call."""
        self._seen_calls: set[int] = set()
        self._refused = False
        self._reason: str | None = None
        self._ended = False
        self._usage: Json | None = None

    def __call__(self, chunk: bytes) -> bytes:
        return b"".join(self._translated(event) for event in self._reader.feed(chunk))

    def _translated(self, event: Event) -> bytes:
        try:
            if event.data == "[DONE]":
                return encode([*self._end(), *self._stop()], named=True)
            data = strict_json.answer(event.data)
            if event.name == "error" or "error" in data:
                return encode([answer.error(data)], named=True)
            return encode(self._handle(data), named=True)
        except (ValueError, KeyError, TypeError, AttributeError):
            return encode([answer.error(_UNREADABLE)], named=True)

    def _handle(self, chunk: Json) -> list[Json]:
        events: list[Json] = []
        if not self._begun:
            self._begun = True
            events.append(self._start(chunk))
        spent = chunk.get("usage") or (chunk.get("x_groq") or {}).get("usage")
        if spent:
            self._usage = spent
        for choice in chunk.get("choices") or ():
            events += self._take(choice.get("delta") or {})
            if choice.get("finish_reason"):
                self._reason = choice["finish_reason"]
                events += self._close()
        if self._reason is not None and self._usage is not None:
            events += self._end()
        return events

    def _start(self, chunk: Json) -> Json:
        return {
            "type": "message_start",
            "message": {
                "id": chunk["id"],
                "type": "message",
                "role": "assistant",
                "model": chunk.get("model"),
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": answer.usage(None),
            },
        }

    def _take(self, delta: Json) -> list[Json]:
        events: list[Json] = []
        self.lost |= answer.lost(delta)
        if text := answer.reasoning(delta):
            events += self._enter("thinking", {"thinking": "", "signature": ""})
            events.append(self._delta({"type": "thinking_delta", "thinking": text}))
        for name in ("content", "refusal"):
            if text := delta.get(name):
                self._refused = self._refused or name == "refusal"
                events += self._enter("text", {"text": ""})
                events.append(self._delta({"type": "text_delta", "text": text}))
        for call in delta.get("tool_calls") or ():
            events += self._take_call(call)
        return events

    def _take_call(self, call: Json) -> list[Json]:
        index, function = call["index"], call.get("function") or {}
        events: list[Json] = []
        if index != self._open:
            if index in self._seen_calls:
                raise ValueError("tool calls are interleaved")
            self._seen_calls.add(index)
            events += self._close()
            start = {"id": call["id"], "name": function["name"], "input": {}}
            events += self._begin(index, {"type": "tool_use", **start})
        if text := function.get("arguments"):
            events.append(self._delta({"type": "input_json_delta", "partial_json": text}))
        return events

    def _enter(self, kind: str, empty: Json) -> list[Json]:
        if self._open == kind:
            return []
        return [*self._close(), *self._begin(kind, {"type": kind, **empty})]

    def _begin(self, kind: str | int, block: Json) -> list[Json]:
        self._open = kind
        self._blocks += 1
        index = self._blocks - 1
        return [{"type": "content_block_start", "index": index, "content_block": block}]

    def _delta(self, delta: Json) -> Json:
        return {"type": "content_block_delta", "index": self._blocks - 1, "delta": delta}

    def _close(self) -> list[Json]:
        if self._open is None:
            return []
        self._open = None
        return [{"type": "content_block_stop", "index": self._blocks - 1}]

    def _end(self) -> list[Json]:
        """``message_delta``, once: with the usage chunk, or without any at ``[DONE]``."""
        if self._ended or self._reason is None:
            return []
        self._ended = True
        reason = answer.stop_reason(
            self._reason, calls_tools=bool(self._seen_calls), refused=self._refused
        )
        delta = {"stop_reason": reason, "stop_sequence": None}
        usage = answer.usage(self._usage)
        return [*self._close(), {"type": "message_delta", "delta": delta, "usage": usage}]

    def _stop(self) -> list[Json]:
        """A stream that never said why it ended was not a whole answer, and gets no good end."""
        return [{"type": "message_stop"}] if self._ended else [answer.error(_UNREADABLE)]
