"""What outlives a request: settings and plain data of this isolate or process."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.admission.key_memory import KeyMemory
from gateway.admission.limits import LocalEstimate
from gateway.admission.refusals import Refusals
from gateway.cache import entry
from gateway.core.log import observe
from gateway.core.settings import Settings
from gateway.redis.store import Breaker
from gateway.reporting.datadog import LogBuffer
from gateway.reporting.pending import PendingRows
from gateway.reporting.sentry import Reports
from gateway.semantic.place import Place
from shared.key_record import KeyRecord

_MOST_REMEMBERED = 10_000
"""Entries of a memory whose keys come from requests."""


@dataclass(slots=True)
class Runtime:
    """No I/O object may ever be kept here (see ``platform.base``)."""

    settings: Settings
    keys: KeyMemory = field(default_factory=KeyMemory)
    redis: Breaker = field(default_factory=Breaker)
    supabase: Breaker = field(default_factory=Breaker)
    usage_breaker: Breaker = field(default_factory=Breaker)
    spool_breaker: Breaker = field(default_factory=Breaker)
    refusals: Refusals = field(default_factory=Refusals)
    estimate: LocalEstimate = field(default_factory=LocalEstimate)
    pending: PendingRows = field(default_factory=PendingRows)
    logs: LogBuffer = field(default_factory=LogBuffer)
    reports: Reports = field(default_factory=Reports)
    embedder: Breaker = field(default_factory=lambda: Breaker(threshold=3, cooldown=10.0))
    places: dict[str, Place] = field(default_factory=dict, repr=False)
    opened_keys: dict[tuple[str, bytes], str] = field(default_factory=dict, repr=False)
    _providers: dict[tuple[str, str, str, str], Breaker] = field(default_factory=dict)
    _usage_refused: set[tuple[str, str, str, str]] = field(default_factory=set)
    _data_keys: dict[tuple[str, str], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        telemetry = self.settings.telemetry
        if telemetry.datadog_key:
            observe(self.logs.add)
        if telemetry.sentry_dsn:
            observe(self.reports.add_line)

    def provider_breaker(self, record: KeyRecord, name: str, endpoint: str, model: str) -> Breaker:
        """Opens after five failures in a row: one bad answer says little about a provider.

        One for each project, because keys and base URLs are its own, and within it for each
        endpoint and model: one that fails must not keep the project from the others.
        """
        place = (record.project_id, name, endpoint, model)
        breaker = self._providers.pop(place, None) or Breaker(threshold=5, cooldown=5.0)
        if len(self._providers) >= _MOST_REMEMBERED:
            del self._providers[next(iter(self._providers))]
        self._providers[place] = breaker
        return breaker

    def refuses_usage(self, place: tuple[str, str, str, str]) -> bool:
        """Whether ``stream_options`` were refused at this project, provider, base URL and model."""
        return place in self._usage_refused

    def usage_was_refused(self, place: tuple[str, str, str, str]) -> None:
        """Remember it: the next request there does not ask."""
        if len(self._usage_refused) >= _MOST_REMEMBERED:
            self._usage_refused.clear()
        self._usage_refused.add(place)

    def open_providers(self, now: float) -> Mapping[str, int]:
        """For how many projects each provider is not being asked at the moment."""
        closed = {
            (project, name)
            for (project, name, _, _), breaker in self._providers.items()
            if breaker.state(now) == "open"
        }
        return Counter(name for _, name in closed)

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
