"""The gateway's copy of a live stream: bounded, assembled, judged."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.admission.stream_slot import StreamSlot
from gateway.core.http import FetchFailed, chain
from gateway.core.log import log_event
from gateway.core.platform import Copy, CopyGivenUp, Platform
from gateway.formats.base import MALFORMED, Assembler, Usage
from gateway.formats.sse import Event, EventReader
from gateway.pipeline.usage_row import UsageRow
from gateway.providers.base import StreamTranslation
from gateway.providers.redaction import Redaction

_WIRE_BYTES = 64
"""Bytes of a stream for one character of its answer, an upper bound where each event carries one
token. Once the client has left, no more than this times the limit is read."""


@dataclass(frozen=True, slots=True)
class CapturedStream:
    """``answer`` is ``None`` unless the stream was complete and good.

    ``characters``: how many of the answer came, about. ``ended``: its terminal event came, so that
    ``usage`` is of the whole.
    ``answered_at``: when the last chunk was read before the outcome was decided (monotonic).
    """

    answer: dict[str, Any] | None
    usage: Usage
    answered_at: float
    characters: int
    ended: bool
    error_code: str | None = None


class Capture:
    """Reads the copy to its end, even when the client leaves (if the project wants that)."""

    def __init__(
        self,
        platform: Platform,
        row: UsageRow,
        copy: Copy,
        assembler: Assembler,
        *,
        translate: StreamTranslation | None,
        slot: StreamSlot,
        secret: str,
        limit: int,
        outlives_client: bool,
    ) -> None:
        """``secret``: the key that the provider was asked with. ``limit``: bytes of the longest
        answer that is stored. ``outlives_client``: read on when the client has left."""
        self._platform = platform
        self._row = row
        self._request_id = row.caller.request_id
        self._copy = copy
        self._assembler = assembler
        self._translate = translate
        self._slot = slot
        self._clean = chain(Redaction(secret), translate) or Redaction(secret)
        self._limit = limit
        self._outlives_client = outlives_client
        self._too_large = False
        self._characters = 0
        self._last = platform.monotonic()

    def received(self) -> int:
        """Characters of the answer so far, about."""
        return self._characters

    async def run(self, commit: Callable[[CapturedStream], Coroutine[Any, Any, None]]) -> None:
        """``commit`` is run once: as soon as the terminal event is there (the provider may hold
        the connection open after it), or at the end of a stream that had none."""
        committed = False
        error_code = None
        try:
            async for _ in self._chunks():
                if self._assembler.done and not committed:
                    committed = True
                    self._copy.ends()
                    self._platform.wait_until(commit(self._outcome(None)))
        except FetchFailed as error:
            error_code = "upstream_timeout" if error.timeout else "upstream_disconnected"
            log_event("stream_broken", "warning", request_id=self._request_id, reason=str(error))
        except CopyGivenUp:
            error_code = "too_large_to_cache"
            log_event("stream_copy_given_up", "warning", request_id=self._request_id)
        except _ClientLeft:
            too_large = self._outlives_client
            error_code = "too_large_to_cache" if too_large else "client_disconnected"
            await self._copy.cancel()
        finally:
            self._slot.end()
        if not committed:
            await commit(self._outcome(error_code))

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self._assembler.feed(event)

    async def _chunks(self) -> AsyncIterator[None]:
        assembler, limit = self._assembler, self._limit
        reader = EventReader()
        alone = 0
        async for chunk in self._copy:
            self._last = self._platform.monotonic()
            self._row.first_byte_came()
            self._take(reader.feed(self._clean(chunk)))
            self._characters = max(self._characters, assembler.collected)
            if reader.pending > limit:
                # One endless event: its usage cannot be read either.
                reader = EventReader()
                self._too_large = True
            if self._too_large or assembler.collected > limit:
                self._too_large = True
                assembler.forget()
            yield
            if not self._copy.client_left():
                continue
            alone += len(chunk)
            if not self._outlives_client or self._too_large or alone > limit * _WIRE_BYTES:
                raise _ClientLeft
        self._take([*reader.feed(self._clean(b"")), *reader.finish()])
        yield

    def _outcome(self, error_code: str | None) -> CapturedStream:
        answer = None
        if error_code is None:
            with suppress(*MALFORMED):  # what was assembled has another shape than its format's
                answer = self._assembler.finish()
        if error_code is None and self._translate is not None and self._translate.lost:
            # Translation lost data: fine for this client, not good enough to cache.
            log_untranslated(self._request_id, self._translate.lost)
            answer = None
        elif answer is None and error_code is None:
            error_code = "too_large_to_cache" if self._too_large else "stream_incomplete"
        usage = self._assembler.usage()
        ended = self._assembler.done or answer is not None
        return CapturedStream(answer, usage, self._last, self._characters, ended, error_code)


def log_untranslated(request_id: str, lost: set[str]) -> None:
    """Log what the translation of an answer left out, which is why the answer is not stored."""
    names = ", ".join(sorted(lost))[:200]
    log_event("answer_not_translatable", "warning", request_id=request_id, lost=names)


class _ClientLeft(Exception):
    """The client is gone, and reading on has no use: the project does not store answers of clients
    that left, or this one can no longer be stored."""
