"""A stream's place among those that a project may have open at its providers at once.

The place is taken in the admission's round trip and given up in the settlement's. Between the two
it is a short lease that is renewed by the clock, however long the provider thinks: what an isolate
took that died, or that Cloudflare ended half a minute after its client left, comes back by itself.
"""

from gateway.core import errors
from gateway.core.log import log_event
from gateway.pipeline.exchange import Exchange
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from shared import redis_keys

LEASE_MS = 60_000
_RENEWED_AFTER = 20  # seconds


class StreamSlot:
    """``name`` is empty when the plan does not limit streams, or nothing is streamed."""

    def __init__(self, x: Exchange, *, stream: bool) -> None:
        limited = stream and x.record.plan.concurrent_streams is not None
        self.name = x.token if limited else ""
        self._x = x
        self._over = False

    async def take(self) -> None:
        """For a request that waited for another's answer and has to ask the provider after all.

        Raises ``StreamsLimited``. Without Redis there is no limit.
        """
        limit = self._x.record.plan.concurrent_streams
        if self.name and limit is not None and not await self._hold(LEASE_MS, limit):
            raise errors.StreamsLimited.of(limit)

    def keep(self) -> None:
        """Renew the lease until ``end``, or until the request's row is closed."""
        if self.name:
            self._x.when_finished(self.end)
            self._x.platform.wait_until(self._renew())

    def end(self) -> None:
        """The stream is over; the settlement gives the place up."""
        self._over = True

    async def _renew(self) -> None:
        while True:
            for _ in range(_RENEWED_AFTER):
                if self._over:
                    return
                await self._x.platform.sleep(1.0)
            await self._hold(LEASE_MS, 0)

    async def _hold(self, lease_ms: int, limit: int) -> bool:
        try:
            held = await calls.hold(
                self._x.store,
                streams=redis_keys.streams(self._x.record.project_id),
                slot=self.name,
                lease_ms=lease_ms,
                concurrent_streams=limit,
            )
            return bool(held)
        except StoreUnavailable as error:
            log_event("stream_slot_not_held", "warning", reason=str(error))
            return True
