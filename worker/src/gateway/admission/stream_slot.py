"""A stream's place among those that a project may have open at its providers at once.

The place is taken in the admission's round trip and given up in the settlement's. Between the two
it is a lease: what an isolate took that died, or that Cloudflare ended half a minute after its
client left, comes back by itself.
"""

from gateway.core import errors
from gateway.core.log import log_event
from gateway.pipeline.exchange import Exchange
from gateway.redis.scripts import HOLD
from gateway.redis.store import StoreUnavailable
from shared import redis_keys

_RENEWED_AFTER = 20.0
_MARGIN = 10.0


class StreamSlot:
    """``name`` is empty when the plan does not limit streams, or nothing is streamed."""

    def __init__(self, x: Exchange, *, stream: bool) -> None:
        limited = stream and x.record.plan.concurrent_streams is not None
        self.name = x.token if limited else ""
        self._x = x
        self._renewed = x.began

    @property
    def first_lease_ms(self) -> int:
        """Until the first chunk must have come."""
        return round((self._x.settings.timeouts.first_byte + _MARGIN) * 1000)

    async def take(self) -> None:
        """For a request that waited for another's answer and has to ask the provider after all.

        Raises ``StreamsLimited``. Without Redis there is no limit.
        """
        limit = self._x.record.plan.concurrent_streams
        if self.name and limit is not None and not await self._hold(self.first_lease_ms, limit):
            raise errors.StreamsLimited.of(limit)

    def goes_on(self, now: float) -> None:
        """A chunk came at ``now`` (monotonic). Now and then this renews the lease, in parallel."""
        if self.name and now - self._renewed >= _RENEWED_AFTER:
            self._renewed = now
            self._x.platform.wait_until(self._renew())

    async def _renew(self) -> None:
        lease = self._x.settings.timeouts.idle + _RENEWED_AFTER + _MARGIN
        await self._hold(round(lease * 1000), 0)

    async def _hold(self, lease_ms: int, limit: int) -> bool:
        key = redis_keys.streams(self._x.record.project_id)
        try:
            return bool(await self._x.store.run(HOLD, [key], [self.name, lease_ms, limit]))
        except StoreUnavailable as error:
            log_event("stream_slot_not_held", "warning", reason=str(error))
            return True
