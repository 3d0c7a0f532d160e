"""The usage row of a stream whose client has left, while the rest of it is read for the cache.

Cloudflare ends such a request about 30 s after its client left, and nothing runs then. So the row
is written to the journal at once, with what is known by then, and again while the stream goes on.
The commit replaces it. Where no commit comes, nobody renews the row any more, and a drain takes it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gateway.core.log import log_event
from gateway.core.platform import Copy, Platform
from gateway.pipeline.usage_row import UsageRow
from gateway.providers.registry import Target
from gateway.redis.store import StoreUnavailable
from gateway.reporting.journal import Journal

_LOOKS_EVERY = 1.0
_RENEWED_AFTER = 30.0
_DUE_MS = 90_000


@dataclass(slots=True)
class AbandonedStream:
    """``received``: characters of the answer so far. ``is_over`` is set by whoever settles it."""

    platform: Platform
    journal: Journal
    row: UsageRow
    target: Target
    copy: Copy
    received: Callable[[], int]
    is_over: bool = False

    async def watch(self) -> None:
        """Until the stream is over."""
        renew_at = 0.0
        while not self.is_over:
            await self.platform.sleep(_LOOKS_EVERY)
            now = self.platform.monotonic()
            if self.is_over or now < renew_at or not self.copy.client_left():
                continue
            renew_at = now + _RENEWED_AFTER
            provider, model = self.target.provider.name, self.target.model
            row = self.row.so_far(provider, model, self.received())
            try:
                await self.journal.save([row], due_in_ms=_DUE_MS)
            except StoreUnavailable as error:
                log_event("abandoned_row_not_kept", "warning", reason=str(error))
