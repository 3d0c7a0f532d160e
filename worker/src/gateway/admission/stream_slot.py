"""A stream's slot among those that a project may have open at its providers at once.

The slot is taken in the admission's round trip and given up in the post-response's. Between the two
it is a short lease that is renewed by the clock, however long the provider thinks: if the isolate
dies, or Cloudflare ends it half a minute after its client left, the slot expires with the lease.

This process counts its own open streams beside that, by the same lease, for while Redis is away.
"""

from gateway.admission import refusal
from gateway.admission.local_limits import LocalLimits
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys
from shared.key_record import KeyRecord

LEASE_MS = 60_000
_RENEWED_AFTER = 20  # seconds
_ANY_NUMBER = 2**31


class StreamSlot:
    """``name`` is empty when the plan does not limit streams, or nothing is streamed."""

    def __init__(
        self,
        platform: Platform,
        store: Store,
        record: KeyRecord,
        local: LocalLimits,
        name: str,
    ) -> None:
        self.name = name if record.plan.concurrent_streams is not None else ""
        self._platform = platform
        self._store = store
        self._local = local
        self._limit = record.plan.concurrent_streams
        self._key = redis_keys.streams(record.project_id)
        self._in_redis = True
        self._over = False

    async def take(self) -> None:
        """For a request that waited for another's answer and has to ask the provider after all.

        Raises ``StreamsLimited``; without Redis by this process's share.
        """
        limit = self._limit
        if not self.name or limit is None:
            return
        held = await self._hold(LEASE_MS, limit)
        if held is False:
            raise refusal.streams_limited(limit)
        if held is None:
            self._in_redis = False
            self._local.check_streams(self._key, limit, self._platform.monotonic())

    def keep(self, *, in_redis: bool) -> None:
        """Renew the lease until ``end``. ``in_redis``: Redis knows of the slot."""
        self._in_redis = self._in_redis and in_redis
        if self.name:
            self._count()
            self._platform.wait_until(self._renew())

    def end(self) -> None:
        """The stream is over; the slot is given up with the post-response."""
        self._over = True
        self._local.stream_ended(self._key, self.name)

    def _count(self) -> None:
        until = self._platform.monotonic() + LEASE_MS / 1000
        self._local.stream_open(self._key, self.name, until)

    async def _renew(self) -> None:
        while True:
            for _ in range(_RENEWED_AFTER):
                if self._over:
                    return
                await self._platform.sleep(1.0)
            self._count()
            # An open stream counts, also one that was opened while Redis was away.
            limit = 0 if self._in_redis else _ANY_NUMBER
            self._in_redis = bool(await self._hold(LEASE_MS, limit)) or self._in_redis

    async def _hold(self, lease_ms: int, limit: int) -> bool | None:
        """Whether the slot is held; ``None`` when Redis does not say."""
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
            return None
