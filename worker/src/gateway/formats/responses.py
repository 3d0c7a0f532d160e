"""The Responses API: ``response`` objects and their typed event streams.

Source: OpenAI's API reference, "Responses" and "Streaming events".
"""

import re
from typing import Any

from gateway.core import strict_json
from gateway.formats.base import ClientFilter, Json, Places, Usage, count, tier_name
from gateway.formats.responses_replay import events
from gateway.formats.sse import Event, encode
from gateway.formats.tool_calls import well_formed

_NUMBER = re.compile(rb'"sequence_number"\s{0,4}:\s{0,4}(\d{1,9})[^\d]')
_NUMBER_BYTES = 40
"""The most that ``_NUMBER`` matches, and so what is kept of a chunk for the next one."""
_TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed"})


class ResponsesAssembler:
    """Waits for the terminal event, which carries the whole response.

    Some servers leave ``output`` empty there; then it is put together from each item's last event.
    """

    def __init__(self, request: Json) -> None:
        self._may_search = _may_search(request)
        self._answer: Json | None = None
        self._items: dict[int, Any] = {}
        self._usage: Any = None
        self._tier: Any = None
        self._broken = False
        self._forgotten = False
        self.done = False
        self.collected = 0

    def feed(self, event: Event) -> None:
        """Take one event of the stream."""
        try:
            data = strict_json.answer(event.data)
            kind = data["type"]
            if kind == "error" or self.done:
                self._broken = True
            elif kind == "response.output_item.done" and not self._forgotten:
                self._items[int(data["output_index"])] = data["item"]
                self.collected += len(event.data)
            elif kind in _TERMINAL:
                self.done = True
                response = data["response"]
                self._usage = response.get("usage")
                self._tier = response.get("service_tier")
                if not self._forgotten:
                    if not response.get("output"):
                        items = [self._items[index] for index in sorted(self._items)]
                        response = {**response, "output": items}
                    self._answer = response
                    self.collected = max(self.collected, len(event.data))
                    self._items.clear()
        except (ValueError, TypeError, KeyError, AttributeError):
            self._broken = True

    def finish(self) -> Json | None:
        """The response, when it ended well."""
        if self._broken or self._answer is None:
            return None
        return self._answer if _good(self._answer, may_search=self._may_search) else None

    def usage(self) -> Usage:
        """The terminal event's token counts."""
        return read_usage(self._usage, self._tier)

    def forget(self) -> None:
        """Keep no answer; the terminal event is still read for its usage."""
        self._forgotten = True
        self._answer = None
        self._items.clear()


class ResponsesFormat:
    """``/v1/responses``."""

    name = "responses"

    def assembler(
        self,
        request: Json,
        *,
        usage_at: Places = (),  # noqa: ARG002 (the terminal event tells it)
    ) -> ResponsesAssembler:
        """See ``Format``."""
        return ResponsesAssembler(request)

    def storable(self, answer: Json, request: Json) -> bool:
        """Completed, or cut by the token limit that the request set, without a web search."""
        return _good(answer, may_search=_may_search(request))

    def usage(self, answer: Json) -> Usage:
        """See ``Format``."""
        return read_usage(answer.get("usage"), answer.get("service_tier"))

    def text(self, answer: Json) -> str | None:  # noqa: ARG002
        """Not compared by meaning: the semantic tier serves chat completions."""
        return None

    def replay(self, answer: Json, request: Json, *, usage_with_end: bool = False) -> bytes:  # noqa: ARG002
        """The event sequence that builds ``answer`` item by item."""
        return encode(events(answer), named=True)

    def upstream_body(self, request: Json, *, stream_usage: bool) -> Json:  # noqa: ARG002
        """Unchanged: the terminal event always tells the usage."""
        return request

    def client_filter(self, request: Json, *, stream_usage: bool) -> ClientFilter | None:  # noqa: ARG002
        """Nothing is hidden, but a stream that breaks ends in an event with the next number."""
        return _Numbers()


class _Numbers:
    """Passes a stream on and reads the number of its last event."""

    def __init__(self) -> None:
        self.next_number = 0
        self._tail = b""

    def __call__(self, chunk: bytes) -> bytes:
        data = self._tail + chunk
        at = data.rfind(b'"sequence_number"')
        if at >= 0 and (found := _NUMBER.match(data, at)):
            self.next_number = int(found[1]) + 1
        self._tail = data[-_NUMBER_BYTES:]
        return chunk


def complete(answer: Json) -> bool:
    """``completed``, or ``incomplete`` only because of ``max_output_tokens``."""
    if answer.get("object") != "response" or answer.get("error"):
        return False
    status = answer.get("status")
    details = answer.get("incomplete_details")
    by_length = isinstance(details, dict) and details.get("reason") == "max_output_tokens"
    if status == "incomplete":
        return by_length
    return status == "completed" and _says_something(answer.get("output"))


def _may_search(request: Json) -> bool:
    """``endpoints.live_data`` lets requests into the cache that offer an offline search."""
    return _has(request.get("tools"), "web_search")


def _good(answer: Json, *, may_search: bool) -> bool:
    """Complete, and not from a search: the index of an offline one changes, too."""
    return complete(answer) and not (may_search and _has(answer.get("output"), "web_search_call"))


def _has(items: Any, kind: str) -> bool:
    return isinstance(items, list) and any(item.get("type") == kind for item in items)


def _says_something(output: Any) -> bool:
    """An item besides reasoning that holds anything, and no function call that cannot be made."""
    items = output if isinstance(output, list) else []
    if any(
        item.get("type") == "function_call" and not well_formed(item.get("arguments"))
        for item in items
    ):
        return False
    return any(
        item.get("type") not in ("message", "reasoning")
        or any(part.get("text") != "" for part in item.get("content") or ())
        for item in items
        if item.get("type") != "reasoning"
    )


def read_usage(usage: Any, service_tier: Any) -> Usage:
    """The ``usage`` object of a response; the tier stands beside it."""
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("input_tokens_details")
    if not isinstance(details, dict):
        details = {}
    by_time = details.get("cache_write_tokens_details")
    longer = by_time.get("ttl_12h_tokens") if isinstance(by_time, dict) else None
    return Usage(
        prompt=count(usage.get("input_tokens")),
        completion=count(usage.get("output_tokens")),
        cached=count(details.get("cached_tokens")),
        cache_write=count(details.get("cache_write_tokens")),
        cache_write_hour=count(longer),
        service_tier=tier_name(service_tier),
    )
