"""The leadership of a request that asks the provider for others, too: the flight of its process,
and the lock in Redis (``admission.single_flight``)."""

from gateway.admission.request import AdmissionRequest
from gateway.admission.single_flight import Leader
from gateway.cache.entry import Entry
from gateway.cache.flights import Flight
from gateway.pipeline.host import Host


class Lead:
    """Made by ``begin``. ``end`` is called whatever becomes of the request; only once it counts."""

    def __init__(self, host: Host, project_id: str, key: str, request: AdmissionRequest) -> None:
        self._flights, self._recent = host.runtime.flights, host.runtime.recent
        self._flight_key = (project_id, key)
        self._now = host.platform.monotonic
        self._flight: Flight[Entry] | None = None
        self.in_redis = Leader(host.platform, host.store, request, self._beat)

    def begin(self) -> None:
        """Lead the process from now on."""
        self._flight = self._flights.begin(*self._flight_key, self._now())
        self.in_redis.keep()

    def asks(self) -> None:
        """This request asks the provider: it waits for nobody any more."""
        if self._flight is not None:
            self._flight.asks = True

    def end(self, entry: Entry | None = None) -> None:
        """Give ``entry`` to those of this process who wait; without one they ask themselves."""
        self.in_redis.end()
        if entry is not None:
            self._recent.put(*self._flight_key, entry, self._now())
        flight, self._flight = self._flight, None
        if flight is not None:
            self._flights.end(*self._flight_key, flight, entry)

    def _beat(self) -> None:
        if self._flight is not None:
            self._flight.beats += 1
