"""The usage chunk of OpenAI's streams: always requested from the provider, shown only to clients
that asked for it.

Source: OpenAI's API reference, ``stream_options.include_usage``.
"""

from gateway.core import strict_json
from gateway.formats.base import ClientFilter, Json
from gateway.formats.sse import EventFilter


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
        """Hide the usage chunk from a client that did not ask for it."""
        return _UsageFilter() if stream_usage and not wants_stream_usage(request) else None


def wants_stream_usage(request: Json) -> bool:
    """True when the client asked for ``stream_options.include_usage``."""
    options = request.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


class _UsageFilter(EventFilter):
    """Drops the final usage chunk (its ``choices`` are empty) that the client did not ask for."""

    def __init__(self) -> None:
        super().__init__(b'"usage"')

    def drop(self, data: str) -> bool:
        try:
            chunk = strict_json.answer(data)
        except ValueError:
            return False
        return isinstance(chunk, dict) and chunk.get("choices") == [] and bool(chunk.get("usage"))
