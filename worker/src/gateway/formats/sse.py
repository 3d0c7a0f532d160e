"""Server-sent events (WHATWG HTML, section 9.2), incrementally and at any byte boundary."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.core import strict_json

DONE = b"data: [DONE]\n\n"
MOST_EVENT_BYTES = 16 * 2**20
"""Of one event that has to be held whole; the largest ones carry images and sound."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One dispatched event. ``name`` is empty when the stream names none."""

    data: str
    name: str = ""


class EventReader:
    """Feeds on chunks, gives back the events that are complete. Comments are dropped.

    The work grows with the bytes fed, also where an event comes in many chunks or has no end; what
    is held is ``pending``, which the caller has to bound.
    """

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        """Of the event that is not complete; every line end is a single line feed."""
        self._held = b""
        """Bytes that only the next chunk explains: half a line end, half a byte order mark."""
        self._begun = False
        self.pending = 0
        """Bytes held of an event that is not complete yet."""

    def feed(self, chunk: bytes) -> list[Event]:
        """Events completed by ``chunk``."""
        data, self._held = self._held + chunk, b""
        if not self._begun:
            if len(data) < len(_BOM) and _BOM.startswith(data):
                self._held = data
                return []
            self._begun = True
            data = data.removeprefix(_BOM)
        if b"\r" in data:
            if data.endswith(b"\r"):  # its "\n" may be in the next chunk
                data, self._held = data[:-1], b"\r"
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not data:
            return []
        ends_here = data.startswith(b"\n") and self._pieces and self._pieces[-1].endswith(b"\n")
        self._pieces.append(data)
        self.pending += len(data)
        if not ends_here and b"\n\n" not in data:
            return []
        *blocks, rest = b"".join(self._pieces).split(b"\n\n")
        self._pieces, self.pending = [rest] if rest else [], len(rest)
        return [event for block in blocks if (event := _parse(block))]

    def finish(self) -> list[Event]:
        """The event that the stream ended in, where it did so without the line ends that complete
        it. (The standard drops such an event; some servers send their last one like that.)"""
        block = (b"".join(self._pieces) + self._held).rstrip(b"\r\n")
        self._pieces, self._held, self.pending = [], b"", 0
        event = _parse(block) if block else None
        return [event] if event else []


def _parse(block: bytes) -> Event | None:
    lines = block.decode("utf-8", "replace").split("\n")
    name = ""
    data: list[str] = []
    for line in lines:
        field, colon, value = line.partition(":")
        if not colon and not field:
            continue
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            name = value
    return Event("\n".join(data), name) if data else None


def encode(events: Iterable[Any], *, named: bool = False) -> bytes:
    """JSON values as one run of events; ``named`` adds ``event:`` lines from each ``type``."""
    lines = []
    for event in events:
        if named:
            lines.append(f"event: {event['type']}\n")
        lines.append(f"data: {strict_json.dumps(event)}\n\n")
    return "".join(lines).encode()


class EventFilter:
    """A transform that changes some events of a stream and leaves all other bytes as they came.

    Works on whole events: bytes of an unfinished event wait for its end, but never more than
    ``limit``; a longer event passes unexamined. ``marker`` must occur in an event for ``changed``
    to be asked, which keeps the usual chunk at the cost of one search.
    """

    next_number = 0

    def __init__(self, marker: bytes, limit: int = 65_536) -> None:
        self._marker = marker
        self._limit = limit
        self._tail = b""
        self._inside_long_event = False

    def changed(self, part: bytes, data: str) -> bytes:
        """What the client gets of ``part``, the event with this ``data``; empty for nothing."""
        raise NotImplementedError

    def __call__(self, chunk: bytes) -> bytes:
        if not chunk:
            rest, self._tail = self._tail, b""
            return self._passed(rest)
        data = self._tail + chunk
        end = _last_boundary(data)
        if self._inside_long_event and end:
            first = _first_boundary(data)
            passed, data, end = data[:first], data[first:], end - first
            self._inside_long_event = False
        else:
            passed = b""
        complete, self._tail = data[:end], data[end:]
        if self._inside_long_event or len(self._tail) > self._limit:
            self._inside_long_event = True
            # Line ends stay: the next chunk may make them the boundary.
            sent = self._tail.rstrip(b"\r\n")
            complete, self._tail = complete + sent, self._tail[len(sent) :]
        if self._marker in complete:
            complete = b"".join(map(self._passed, _split(complete)))
        return passed + complete

    def _passed(self, part: bytes) -> bytes:
        if self._marker not in part:
            return part
        event = _parse(part.replace(b"\r\n", b"\n").replace(b"\r", b"\n").strip(b"\n"))
        return part if event is None else self.changed(part, event.data)


_BOUNDARIES = (b"\n\n", b"\r\n\r\n", b"\r\r")


def _last_boundary(data: bytes) -> int:
    return max(at + len(mark) if (at := data.rfind(mark)) >= 0 else 0 for mark in _BOUNDARIES)


def _first_boundary(data: bytes) -> int:
    ends = [at + len(mark) for mark in _BOUNDARIES if (at := data.find(mark)) >= 0]
    return min(ends, default=0)


def _split(data: bytes) -> list[bytes]:
    parts = []
    while end := _first_boundary(data):
        parts.append(data[:end])
        data = data[end:]
    if data:
        parts.append(data)
    return parts
