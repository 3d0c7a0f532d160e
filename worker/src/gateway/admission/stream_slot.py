"""A stream's slot among those that a project may have open at its providers at once.

The slot is taken in the admission's round trip and given up in the post-response's. Between the two
it is a short lease that is renewed by the clock, however long the provider thinks: if the isolate
dies, or Cloudflare ends it half a minute after its client left, the slot expires with the lease.
"""

from gateway.core import errors
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys
from shared.key_record import KeyRecord

LEASE_MS = 60_000
_RENEWED_AFTER = 20  # seconds


class StreamSlot:
    """``name`` is empty when the plan does not limit streams, or nothing is streamed."""

    def __init__(self, platform: Platform, store: Store, record: KeyRecord, name: str) -> None:
        self.name = name if record.plan.concurrent_streams is not None else ""
        self._platform = platform
        self._store = store
        self._limit = record.plan.concurrent_streams
        self._key = redis_keys.streams(record.project_id)
        self._over = False

    async def take(self) -> None:
        """For a request that waited for another's answer and has to ask the provider after all.

        Raises ``StreamsLimited``. Without Redis there is no limit.
        """
        limit = self._limit
        if self.name and limit is not None and not await self._hold(LEASE_MS, limit):
            raise errors.StreamsLimited.of(limit)

    def keep(self) -> None:
        """Renew the lease until ``end``."""
        if self.name:
            self._platform.wait_until(self._renew())

    def end(self) -> None:
        """The stream is over; the slot is given up with the post-response."""
        self._over = True

    async def _renew(self) -> None:
        while True:
            for _ in range(_RENEWED_AFTER):
                if self._over:
                    return
                await self._platform.sleep(1.0)
            await self._hold(LEASE_MS, 0)

    async def _hold(self, lease_ms: int, limit: int) -> bool:
        try:
            held = await calls.hold(
                self._store,
                streams=self._key,
                slot=self.name,
                lease_ms=lease_ms,
                concurrent_streams=limit,
            )
            return bool(held)
        except StoreUnavailable as error:
            log_event("stream_slot_not_held", "warning", reason=str(error))
            return True
