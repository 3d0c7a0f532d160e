"""What outlives a request: settings and plain data of this isolate or process."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.admission.booking import Bookings
from gateway.admission.key_memory import KeyMemory
from gateway.admission.local_limits import LocalLimits
from gateway.admission.processes import Processes
from gateway.admission.refusals import Refusals
from gateway.cache import entry
from gateway.cache.entry import Entry
from gateway.cache.flights import Flights
from gateway.cache.recent import RecentAnswers
from gateway.core.breaker import Breaker
from gateway.core.log import observe
from gateway.core.probed_breaker import ProbedBreaker
from gateway.core.settings import Settings
from gateway.providers.memory import ProviderMemory
from gateway.reporting.outbox import Outbox
from gateway.semantic.embedder_memory import EmbedderMemory
from shared.key_record import KeyRecord

if TYPE_CHECKING:
    from gateway.formats.vectors import Vector


@dataclass(slots=True)
class Runtime:
    """One for each isolate or process. Fields hold plain data only: no I/O object, promise or event
    loop lock, since on Cloudflare another request must not use them (see ``core.platform``).
    """

    settings: Settings
    outbox: Outbox = field(init=False)
    keys: KeyMemory = field(default_factory=KeyMemory)
    redis: ProbedBreaker = field(default_factory=ProbedBreaker)
    supabase: Breaker = field(default_factory=lambda: Breaker(threshold=3))
    refusals: Refusals = field(default_factory=Refusals)
    limits: LocalLimits = field(init=False)
    bookings: Bookings = field(default_factory=Bookings)
    flights: Flights[Entry] = field(default_factory=Flights)
    vector_flights: "Flights[dict[str, Vector]]" = field(default_factory=Flights)
    recent: RecentAnswers = field(default_factory=RecentAnswers)
    providers: ProviderMemory = field(default_factory=ProviderMemory)
    embedder: EmbedderMemory = field(default_factory=EmbedderMemory)
    _data_keys: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outbox = Outbox(self.settings)
        fixed = self.settings.processes
        self.limits = LocalLimits(
            Processes(fixed or 1, fixed=fixed is not None), self.settings.budgets_fail_closed
        )
        telemetry = self.settings.telemetry
        if telemetry.datadog_key:
            observe(self.outbox.logs.add)
        if telemetry.sentry_dsn:
            observe(self.outbox.reports.add_line)

    def breakers(self, now: float) -> dict[str, str]:
        """The state of each breaker of the operator's own services: closed, open or half-open."""
        outbox = self.outbox
        return {
            "redis": self.redis.state(now),
            "supabase": self.supabase.state(now),
            "usage": outbox.usage_breaker.state(now),
            "spool": outbox.spool_breaker.state(now),
            "datadog": outbox.logs.breaker.state(now),
            "sentry": outbox.reports.breaker.state(now),
        }

    def data_key(self, record: KeyRecord) -> bytes:
        """The project's cache encryption key, derived once per process."""
        name = (record.project_id, record.project.data_key_salt)
        key = self._data_keys.get(name)
        if key is None:
            if len(self._data_keys) >= 10_000:
                self._data_keys.clear()
            master = next(iter(self.settings.encryption_keys.values()))
            key = self._data_keys[name] = entry.data_key(master, *name)
        return key
