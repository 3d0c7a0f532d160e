"""The usage chunk of OpenAI's streams: always requested from the provider, shown only to clients
that asked for it.

Source: OpenAI's API reference, ``stream_options.include_usage``.
"""

import re
from itertools import islice

from gateway.core import strict_json
from gateway.formats.base import ClientFilter, Json
from gateway.formats.sse import EventFilter, EventReader


class StreamUsage:
    """The part of ``Format`` that chat completions and completions have in common."""

    def upstream_body(self, request: Json, *, stream_usage: bool) -> Json:
        """Always ask for the usage chunk: it is the only place where a stream tells its tokens."""
        if not request.get("stream") or not stream_usage or wants_stream_usage(request):
            return request
        given = request.get("stream_options")
        if given is not None and not isinstance(given, dict):
            return request  # the provider's to refuse
        return {**request, "stream_options": {**(given or {}), "include_usage": True}}

    def client_filter(self, request: Json, *, stream_usage: bool) -> ClientFilter | None:
        """Hide the usage from a client that did not ask for it."""
        return _UsageFilter() if stream_usage and not wants_stream_usage(request) else None


def wants_stream_usage(request: Json) -> bool:
    """True when the client asked for ``stream_options.include_usage``."""
    options = request.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


_NO_USAGE = re.compile(rb',\s*"usage"\s*:\s*null(?=\s*[,}])|"usage"\s*:\s*null\s*,\s*')
_MOST_PLACES = 4


class _UsageFilter(EventFilter):
    """Drops the usage chunk (its ``choices`` are empty), and from the chunks before it the null
    that OpenAI puts there where usage is asked for."""

    def __init__(self) -> None:
        super().__init__(b'"usage"')

    def changed(self, part: bytes, data: str) -> bytes:
        try:
            chunk = strict_json.answer(data)
        except ValueError:
            return part
        if not isinstance(chunk, dict) or "usage" not in chunk:
            return part
        if chunk["usage"] is None:
            return _without_null(part)
        return b"" if chunk["usage"] and chunk.get("choices") == [] else part


def _without_null(part: bytes) -> bytes:
    """``part`` without the ``usage`` of its chunk. Members of that name further inside are the
    provider's own."""
    is_only_one = part.count(b'"usage"') == 1
    places = islice(_NO_USAGE.finditer(part), _MOST_PLACES)
    for place in places:
        made = part[: place.start()] + part[place.end() :]
        if is_only_one or _has_no_usage(made):
            return made
    return part


def _has_no_usage(part: bytes) -> bool:
    events = EventReader().feed(part)
    return len(events) == 1 and "usage" not in strict_json.answer(events[0].data)
