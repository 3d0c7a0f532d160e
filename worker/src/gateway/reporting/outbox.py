"""What this process has to report about its requests."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.core.breaker import Breaker
from gateway.core.platform import Platform
from gateway.core.probed_breaker import ProbedBreaker
from gateway.core.settings import Settings
from gateway.redis.store import Store
from gateway.reporting.datadog import LogBuffer
from gateway.reporting.pending import PendingRows
from gateway.reporting.sentry import Reports
from shared.usage_events import UsageEvent

_STORE_SECONDS = 2.0


def spool_breaker() -> ProbedBreaker:
    """For large writes, which are rare: each failure counts, and none is hurried."""
    return ProbedBreaker(least=1, shortest=math.inf)


@dataclass(slots=True)
class Outbox:
    """Plain data that outlives requests; a breaker for each place that rows are written to.

    ``when_finished``: called with each row that is closed, where a host counts them.
    """

    settings: Settings
    pending: PendingRows = field(default_factory=PendingRows)
    logs: LogBuffer = field(default_factory=LogBuffer)
    reports: Reports = field(default_factory=Reports)
    usage_breaker: Breaker = field(default_factory=Breaker)
    spool_breaker: ProbedBreaker = field(default_factory=spool_breaker)
    when_finished: Callable[[UsageEvent], None] | None = None

    def store(self, platform: Platform) -> Store:
        """Redis, for rows. No request waits for it, so it may take longer than a look-up, and it
        has a breaker of its own: a slow large write must not switch the cache off."""
        return Store(
            platform,
            self.settings.redis_url,
            self.settings.redis_token,
            timeout=_STORE_SECONDS,
            breaker=self.spool_breaker,
            probes=True,
        )
