"""The gateway's copy of a live stream: bounded, assembled, judged."""

from dataclasses import dataclass
from typing import Any

from gateway.exchange import Exchange
from gateway.formats.base import Assembler, Usage
from gateway.formats.sse import EventReader
from gateway.http import FetchFailed
from gateway.platform.base import Copy
from gateway.telemetry.log import log_event


@dataclass(frozen=True, slots=True)
class Outcome:
    """``answer`` is ``None`` unless the stream was complete and good."""

    answer: dict[str, Any] | None
    usage: Usage
    error_code: str | None = None


class Capture:
    """Reads the copy to its end, even when the client leaves (if the project wants that)."""

    def __init__(self, x: Exchange, assembler: Assembler, copy: Copy) -> None:
        self._x = x
        self._assembler = assembler
        self._copy = copy

    async def run(self) -> Outcome:
        """Never raises for what upstream or client do."""
        x, assembler = self._x, self._assembler
        limit = x.settings.max_capture_bytes
        stays = x.record.project.cache_on_disconnect
        reader = EventReader()
        seen = 0
        error_code = None
        try:
            async for chunk in self._copy:
                if x.event.ttfb_ms is None:
                    x.event.ttfb_ms = x.elapsed_ms()
                seen += len(chunk)
                for event in reader.feed(chunk):
                    assembler.feed(event)
                if seen > limit:
                    assembler.forget()
                    if reader.pending > limit:
                        # One endless event: its usage cannot be read either.
                        reader = EventReader()
                if not stays and self._copy.client_left():
                    error_code = "client_disconnected"
                    await self._copy.cancel()
                    break
        except FetchFailed as error:
            error_code = "upstream_timeout" if error.timeout else "upstream_disconnected"
            log_event("stream_broken", "warning", request_id=x.request_id, reason=str(error))
        answer = None if error_code else assembler.finish()
        if answer is None and error_code is None:
            error_code = "too_large_to_cache" if seen > limit else "stream_incomplete"
        if error_code is None and self._copy.client_left():
            error_code = "client_disconnected"
        return Outcome(answer, assembler.usage(), error_code)
