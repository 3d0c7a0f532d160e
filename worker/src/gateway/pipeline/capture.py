"""The gateway's copy of a live stream: bounded, assembled, judged."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.admission.stream_slot import StreamSlot
from gateway.core.http import FetchFailed, chain
from gateway.core.log import log_event
from gateway.core.platform import Copy, CopyGivenUp
from gateway.formats.base import MALFORMED, Assembler, Usage
from gateway.formats.sse import Event, EventReader
from gateway.pipeline.request_context import RequestContext
from gateway.providers.base import StreamTranslation
from gateway.providers.redaction import Redaction

_WIRE_BYTES = 64
"""Bytes of a stream for each character of its answer, and more: tokens come one an event. What is
read for nobody but the cache ends there, also where nothing of it is collected."""


@dataclass(frozen=True, slots=True)
class CapturedStream:
    """``answer`` is ``None`` unless the stream was complete and good.

    ``characters``: how many of the answer came, about.
    ``answered_at``: when the last chunk was read before the outcome was decided (monotonic).
    """

    answer: dict[str, Any] | None
    usage: Usage
    answered_at: float
    characters: int
    error_code: str | None = None


class Capture:
    """Reads the copy to its end, even when the client leaves (if the project wants that)."""

    def __init__(
        self,
        context: RequestContext,
        assembler: Assembler,
        copy: Copy,
        translate: StreamTranslation | None,
        slot: StreamSlot,
        *,
        secret: str,
    ) -> None:
        """``secret``: the key that the provider was asked with."""
        self._context = context
        self._assembler = assembler
        self._copy = copy
        self._translate = translate
        self._slot = slot
        self._clean = chain(Redaction(secret), translate) or Redaction(secret)
        self._limit = context.most_stored_bytes()
        self._too_large = False
        self._characters = 0
        self._last = context.host.platform.monotonic()

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
                    self._context.host.platform.wait_until(commit(self._outcome(None)))
        except FetchFailed as error:
            error_code = "upstream_timeout" if error.timeout else "upstream_disconnected"
            log_event(
                "stream_broken",
                "warning",
                request_id=self._context.caller.request_id,
                reason=str(error),
            )
        except CopyGivenUp:
            error_code = "too_large_to_cache"
            log_event("stream_copy_given_up", "warning", request_id=self._context.caller.request_id)
        except _ClientLeft:
            stays = self._context.record.project.cache_on_disconnect
            error_code = "too_large_to_cache" if stays else "client_disconnected"
            await self._copy.cancel()
        finally:
            self._slot.end()
        if not committed:
            await commit(self._outcome(error_code))

    def _take(self, events: list[Event]) -> None:
        for event in events:
            self._assembler.feed(event)

    async def _chunks(self) -> AsyncIterator[None]:
        context, assembler, limit = self._context, self._assembler, self._limit
        stays = context.record.project.cache_on_disconnect
        reader = EventReader()
        alone = 0
        async for chunk in self._copy:
            self._last = context.host.platform.monotonic()
            if context.row.event.ttfb_ms is None:
                context.row.event.ttfb_ms = context.timing.elapsed_ms()
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
            if not stays or self._too_large or alone > limit * _WIRE_BYTES:
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
            log_untranslated(self._context, self._translate.lost)
            answer = None
        elif answer is None and error_code is None:
            error_code = "too_large_to_cache" if self._too_large else "stream_incomplete"
        usage = self._assembler.usage()
        return CapturedStream(answer, usage, self._last, self._characters, error_code)


def log_untranslated(context: RequestContext, lost: set[str]) -> None:
    """Say what a translated answer is without, and that it is not stored for that reason."""
    names = ", ".join(sorted(lost))[:200]
    log_event(
        "answer_not_translatable", "warning", request_id=context.caller.request_id, lost=names
    )


class _ClientLeft(Exception):
    """The client is gone, and its project does not want the answer without it, or it is no longer
    one that can be stored."""
