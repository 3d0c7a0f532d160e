"""The number of processes by which limits are divided while Redis is away.

``EDGE_PROCESSES`` sets it. Otherwise processes count themselves: every ``_BEAT_SECONDS``, if it has
requests, a process writes its name to Redis and reads how many have done so within ``_LEASE_MS``. A
process that starts during an outage knows of no other and takes 1; one that has ended still counts
for five minutes.
"""

from dataclasses import dataclass

from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys

_BEAT_SECONDS = 20.0
_LEASE_MS = 300_000


@dataclass(slots=True)
class Processes:
    """``fixed``: the number is a setting, and nobody is counted. ``due_at``: the next beat."""

    count: int = 1
    fixed: bool = False
    name: str = ""
    due_at: float = float("-inf")

    def beat(self, platform: Platform, store: Store) -> None:
        """Redis has answered: be counted after the response, where that is due."""
        now = platform.monotonic()
        if self.fixed or now < self.due_at:
            return
        self.due_at = now + _BEAT_SECONDS
        self.name = self.name or platform.request_id()
        platform.wait_until(self._beat(store))

    async def _beat(self, store: Store) -> None:
        try:
            count = await calls.enroll(
                store, processes=redis_keys.processes(), name=self.name, lease_ms=_LEASE_MS
            )
        except StoreUnavailable as error:
            log_event("process_not_counted", "warning", reason=str(error))
            return
        self.count = max(1, count)
