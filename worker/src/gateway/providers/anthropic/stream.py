"""Anthropic's event stream as ``chat.completion.chunk`` events, event by event.

Source: Anthropic's "Streaming messages". A transform holds nothing back but the bytes of an
unfinished event, so it may be fed at any cut.
"""

import time
from typing import Any

from gateway.core import strict_json
from gateway.formats.base import MALFORMED, Json
from gateway.formats.sse import DONE, MOST_EVENT_BYTES, Event, EventReader, encode
from gateway.providers.anthropic import answer

_MOST_NAMED = 50
"""Kinds that are named in ``lost``, and the characters of each name."""
_KEEP_ALIVE = b": ping\n\n"
_UNREADABLE = {"error": {"message": "The provider's stream cannot be read."}}
_BROKEN_OFF = {"error": {"message": "The provider's stream ended before its answer did."}}


class ChatChunks:
    """A ``StreamTranslation``. It leaves out kinds of events, blocks and deltas that it does not
    know, and names them in ``lost``: Anthropic may add kinds at any time."""

    def __init__(self) -> None:
        self.lost: set[str] = set()
        self._reader = EventReader()
        self._over = False
        """The closing chunk or an error event was sent: nothing follows."""
        self._head: Json = {"object": "chat.completion.chunk", "created": int(time.time())}
        self._usage: Json = {}
        self._calls: dict[int, int] = {}
        """Content block → number of the tool call."""
        self._without_input: set[int] = set()
        self._thoughts: dict[int, int] = {}
        self._citations = 0

    def __call__(self, chunk: bytes) -> bytes:
        if self._over:
            return b""
        made = [self._translated(event) for event in self._reader.feed(chunk)]
        if not chunk:
            made += [self._translated(event) for event in self._reader.finish()]
            made.append(self._fail(_BROKEN_OFF))
        elif self._reader.pending > MOST_EVENT_BYTES:
            self._reader = EventReader()
            made.append(self._fail(_UNREADABLE))
        return b"".join(made)

    def _translated(self, event: Event) -> bytes:
        if self._over:
            return b""
        try:
            data = strict_json.answer(event.data)
            return self._handle(data)
        except MALFORMED:
            return self._fail(_UNREADABLE)

    def _fail(self, envelope: Json) -> bytes:
        """An error event, unless the stream has ended already."""
        if self._over:
            return b""
        self._over = True
        return encode([answer.error(envelope)])

    def _lose(self, kind: object) -> None:
        if len(self.lost) < _MOST_NAMED:
            self.lost.add(str(kind)[:_MOST_NAMED])

    def _handle(self, data: Json) -> bytes:
        match data["type"]:
            case "message_start":
                return self._start(data["message"])
            case "content_block_start":
                return self._deltas(self._block_start(data["index"], data["content_block"]))
            case "content_block_delta":
                return self._deltas(self._block_delta(data["index"], data["delta"]))
            case "content_block_stop":
                return self._deltas(self._block_stop(data["index"]))
            case "message_delta":
                return self._end(data)
            case "message_stop":
                self._over = True
                closing = {**self._head, "choices": [], "usage": answer.usage(self._usage)}
                return encode([closing]) + DONE
            case "ping":
                return _KEEP_ALIVE
            case "error":
                return self._fail(data)
        self._lose(data["type"])
        return b""

    def _start(self, message: Json) -> bytes:
        self._head |= {"id": message["id"], "model": message["model"]}
        self._usage = dict(message.get("usage") or {})
        self._head |= answer.service_tier(self._usage)
        return self._deltas({"role": "assistant", "content": "", "refusal": None})

    def _block_start(self, index: int, block: Json) -> Json | None:
        match block["type"]:
            case "text":
                return {"content": block["text"]} if block["text"] else None
            case "thinking" | "redacted_thinking":
                self._thoughts[index] = number = len(self._thoughts)
                delta: Json = {"thinking_blocks": [{"index": number, **block}]}
                if block.get("thinking"):
                    delta["reasoning_content"] = block["thinking"]
                return delta
            case "tool_use":
                self._calls[index] = number = len(self._calls)
                self._without_input.add(index)
                given = strict_json.dumps(block["input"]) if block["input"] else ""
                if given:
                    self._without_input.discard(index)
                call = {**answer.tool_call(block), "index": number}
                call["function"]["arguments"] = given
                return {"tool_calls": [call]}
        self._lose(block["type"])
        return None

    def _block_delta(self, index: int, delta: Json) -> Json | None:
        match delta["type"]:
            case "text_delta":
                return {"content": delta["text"]}
            case "thinking_delta":
                text = delta["thinking"]
                part = {"index": self._thoughts[index], "type": "thinking", "thinking": text}
                return {"reasoning_content": text, "thinking_blocks": [part]}
            case "signature_delta":
                signature = delta["signature"]
                part = {"index": self._thoughts[index], "type": "thinking", "signature": signature}
                return {"thinking_blocks": [part]}
            case "input_json_delta":
                if index not in self._calls or not delta["partial_json"]:
                    return None
                self._without_input.discard(index)
                return self._arguments(index, delta["partial_json"])
            case "citations_delta":
                number, self._citations = self._citations, self._citations + 1
                return {"citations": [{"index": number, **delta["citation"]}]}
        self._lose(delta["type"])
        return None

    def _block_stop(self, index: int) -> Json | None:
        """A tool without arguments is called with ``{}``; its stream says nothing at all."""
        if index not in self._without_input:
            return None
        self._without_input.discard(index)
        return self._arguments(index, "{}")

    def _arguments(self, index: int, text: str) -> Json:
        return {"tool_calls": [{"index": self._calls[index], "function": {"arguments": text}}]}

    def _end(self, data: Json) -> bytes:
        """Counts are cumulative; one that is absent or null keeps the value of the start."""
        self._usage |= {k: v for k, v in (data.get("usage") or {}).items() if v is not None}
        ending = data["delta"]
        why = answer.refusal(ending.get("stop_details"))
        reason = answer.finish_reason(ending["stop_reason"]) if ending.get("stop_reason") else None
        return self._deltas({"refusal": why} if why else {}, reason)

    def _deltas(self, delta: Json | None, finish_reason: str | None = None) -> bytes:
        if delta is None:
            return b""
        choice: dict[str, Any] = {"index": 0, "delta": delta, "logprobs": None}
        return encode([{**self._head, "choices": [{**choice, "finish_reason": finish_reason}]}])
