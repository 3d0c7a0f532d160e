"""``chat.completion.chunk`` events as Anthropic's event stream, event by event.

Anthropic's grammar has one content block after the other, each opened and closed; OpenAI's chunks
have deltas. A block is opened by the first delta of its kind and closed by the first of another. Of
tool calls whose deltas are mixed, the first is passed on as it arrives and the others wait for it.

After an error event nothing follows: a client must not take what came before it for an answer.
"""

from collections.abc import Mapping

from gateway.core import strict_json
from gateway.formats import endings
from gateway.formats.base import MALFORMED, Json, Places, member
from gateway.formats.endings import Ending, Endings
from gateway.formats.merge import joined, merge_delta
from gateway.formats.sse import MOST_EVENT_BYTES, Event, EventReader, encode
from gateway.formats.tool_calls import StreamedCall, StreamedCalls
from gateway.providers.messages_over_chat import answer, carried

_MOST_NAMED = 50
"""Of what the client does not get, kinds that are named in ``lost``, or a few more."""
_UNREADABLE = {"error": {"message": "The provider's stream cannot be read."}}
_BROKEN_OFF = {"error": {"message": "The provider's stream ended before its answer did."}}


class MessageEvents:
    """A ``StreamTranslation``. ``usage_at``: see ``Format.assembler``. ``known``: the finish
    reasons that are. ``names``: see ``CallLabels``."""

    def __init__(
        self,
        usage_at: Places = (),
        known: Endings = endings.OPENAI,
        *,
        provider: str = "",
        names: Mapping[str, str] | None = None,
    ) -> None:
        self._usage_at = usage_at
        self._known = known
        self._provider = provider
        self._names = names or {}
        self._kept: Json = {}
        self.lost: set[str] = set()
        self._reader = EventReader()
        self._begun = False
        self._over = False
        """``message_stop`` or an error event was sent."""
        self._blocks = 0
        self._open: str | None = None
        """The kind of the open block, ``text`` or ``thinking``; those of tools are ``_Tool``s."""
        self._calls = StreamedCalls()
        self._tools: list[_Tool] = []
        self._closed_tools = 0
        self._refused = False
        self._reason: str | None = None
        self._ending: Ending | None = None
        self._ended = False
        self._usage: Json | None = None
        self._tier: str | None = None

    def __call__(self, chunk: bytes) -> bytes:
        if self._over:
            return b""
        made = [self._translated(event) for event in self._reader.feed(chunk)]
        if not chunk:
            made += [self._translated(event) for event in self._reader.finish()]
            made.append(self._at_the_end())
        elif self._reader.pending > MOST_EVENT_BYTES:
            self._reader = EventReader()
            made.append(self._fail(_UNREADABLE))
        return b"".join(made)

    def _translated(self, event: Event) -> bytes:
        if self._over:
            return b""
        try:
            if event.data == "[DONE]":
                return self._at_the_end()
            data = strict_json.answer(event.data)
            if event.name == "error" or "error" in data:
                return self._fail(data)
            return encode(self._handle(data), named=True)
        except MALFORMED:
            return self._fail(_UNREADABLE)

    def _fail(self, envelope: Json) -> bytes:
        self._over = True
        return encode([answer.error(envelope)], named=True)

    def _at_the_end(self) -> bytes:
        """``[DONE]``, or the end of a stream without it: some servers send none. A stream without a
        finish reason was no complete answer, so it does not end as one."""
        if self._over:
            return b""
        if self._reason is None or self._ending is endings.FAILED:
            return self._fail(_BROKEN_OFF)
        self._over = True
        return encode([*self._end(), {"type": "message_stop"}], named=True)

    def _handle(self, chunk: Json) -> list[Json]:
        events: list[Json] = []
        if not self._begun:
            self._begun = True
            events.append(self._start(chunk))
        self._tier = chunk.get("service_tier") or self._tier
        spent = chunk.get("usage")
        for place in self._usage_at:
            spent = spent or member(chunk, place)
        if spent:
            self._usage = spent
        for choice in chunk.get("choices") or ():
            events += self._take(choice.get("delta") or {})
            if choice.get("finish_reason"):
                self._reason = choice["finish_reason"]
                self._ending = endings.ending(self._reason, self._known)
                if len(self.lost) < _MOST_NAMED:
                    self.lost |= answer.unknown(self._reason, self._known)
                events += self._close()
        is_good = self._reason is not None and self._ending is not endings.FAILED
        if is_good and self._usage is not None:
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
                "usage": answer.usage(None, chunk.get("service_tier")),
            },
        }

    def _take(self, delta: Json) -> list[Json]:
        events: list[Json] = []
        if len(self.lost) < _MOST_NAMED:
            self.lost |= answer.lost(delta)
        merge_delta(self._kept, carried.growing(delta))
        for kind, text in answer.texts(delta):
            events += self._text(kind, text)
        if refusal := delta.get("refusal"):
            self._refused = True
            events += self._text("text", refusal)
        for call in delta.get("tool_calls") or ():
            events += self._take_call(call)
        return events

    def _text(self, kind: str, text: str) -> list[Json]:
        if not text:
            return []
        events = []
        if self._open != kind:
            empty = {"thinking": "", "signature": ""} if kind == "thinking" else {"text": ""}
            events = [*self._close(), self._begin({"type": kind, **empty})]
            self._open = kind
        return [*events, self._delta({"type": f"{kind}_delta", kind: text})]

    def _take_call(self, delta: Json) -> list[Json]:
        call, text, _ = self._calls.take(delta)
        if call.number == len(self._tools):
            self._tools.append(_Tool(call))
        tool = self._tools[call.number]
        if call.number < self._closed_tools:
            if text:
                raise ValueError("a piece of a tool call whose block is closed")
            return []
        tool.waiting += text
        return self._pass_tools_on()

    def _pass_tools_on(self, *, to_the_end: bool = False) -> list[Json]:
        """Events of the first tool that is not closed, and of those behind it once it is whole."""
        events: list[Json] = []
        while self._closed_tools < len(self._tools):
            tool = self._tools[self._closed_tools]
            if not tool.begun:
                if not tool.call.name:
                    if to_the_end:
                        raise ValueError("a tool call without a name")
                    break
                events += [*self._close_text(), *self._carry(), *self._carry_of(tool)]
                events.append(self._begin(tool.start(self._names)))
                tool.begun = True
            if tool.waiting:
                part = {"type": "input_json_delta", "partial_json": tool.waiting}
                events.append(self._delta(part))
                tool.waiting = ""
            is_last = tool.call.number == len(self._tools) - 1
            if not to_the_end and (is_last or not tool.call.is_whole()):
                break
            events.append(self._block_stop())
            self._closed_tools += 1
            events += self._carry_of(tool)
        return events

    def _carry_of(self, tool: "_Tool") -> list[Json]:
        """The block of what ``tool``'s call wants back, once; it may come after its call began."""
        extra = tool.call.rest.get("extra_content")
        if not extra or tool.carried:
            return []
        tool.carried = True
        return [
            self._begin(carried.of_call(self._provider, tool.id, joined(extra))),
            self._block_stop(),
        ]

    def _carry(self) -> list[Json]:
        """The blocks of what the message wants back, as far as it has come."""
        kept, self._kept = joined(self._kept), {}
        events: list[Json] = []
        for block in carried.of_message(self._provider, kept):
            events += [self._begin(block), self._block_stop()]
        return events

    def _begin(self, block: Json) -> Json:
        self._blocks += 1
        index = self._blocks - 1
        return {"type": "content_block_start", "index": index, "content_block": block}

    def _delta(self, delta: Json) -> Json:
        return {"type": "content_block_delta", "index": self._blocks - 1, "delta": delta}

    def _block_stop(self) -> Json:
        return {"type": "content_block_stop", "index": self._blocks - 1}

    def _close_text(self) -> list[Json]:
        if self._open is None:
            return []
        self._open = None
        return [self._block_stop()]

    def _close(self) -> list[Json]:
        return [*self._close_text(), *self._pass_tools_on(to_the_end=True)]

    def _end(self) -> list[Json]:
        """``message_delta``, once: with the usage chunk, or without any at the stream's end."""
        if self._ended:
            return []
        self._ended = True
        reason = answer.stop_reason(
            self._ending, calls_tools=bool(self._tools), refused=self._refused
        )
        delta = {"stop_reason": reason, "stop_sequence": None}
        usage = answer.usage(self._usage, self._tier)
        told = {"type": "message_delta", "delta": delta, "usage": usage}
        return [*self._close(), *self._carry(), told]


class _Tool:
    """A tool's block. ``waiting``: the part of its input that came and has not been passed on
    yet."""

    def __init__(self, call: StreamedCall) -> None:
        self.call = call
        self.begun = False
        self.carried = False
        self.waiting = ""

    @property
    def id(self) -> str:
        return self.call.id or f"call_{self.call.number}"

    def start(self, names: Mapping[str, str]) -> Json:
        name = names.get(self.call.name, self.call.name)
        return {"type": "tool_use", "id": self.id, "name": name, "input": {}}
