"""What this process has to report about its requests."""

from dataclasses import dataclass, field

from gateway.core.breaker import Breaker
from gateway.core.settings import Settings
from gateway.reporting.datadog import LogBuffer
from gateway.reporting.pending import PendingRows
from gateway.reporting.sentry import Reports


@dataclass(slots=True)
class Outbox:
    """Plain data that outlives requests; a breaker for each place that rows are written to."""

    settings: Settings
    pending: PendingRows = field(default_factory=PendingRows)
    logs: LogBuffer = field(default_factory=LogBuffer)
    reports: Reports = field(default_factory=Reports)
    usage_breaker: Breaker = field(default_factory=Breaker)
    spool_breaker: Breaker = field(default_factory=Breaker)
