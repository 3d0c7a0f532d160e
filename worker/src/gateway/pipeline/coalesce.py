"""Identical misses share one call of the provider: those of this process, whatever Redis does, and
by the lock in Redis those of all processes.

This module decides who waits for whom; ``cache.flights`` and ``admission.single_flight`` do the
waiting. Two requests must never wait for each other: the holder of the lock in Redis waits only for
a request that is already asking the provider (``Flight.asks``).
"""

from dataclasses import dataclass, replace

from gateway.admission.request import Admission, AdmissionRequest, Held
from gateway.admission.single_flight import follow
from gateway.cache.entry import Entry
from gateway.cache.flights import MOST_LEADERS, answer_of_leader
from gateway.cache.recent import KEPT_SECONDS
from gateway.pipeline import hits
from gateway.pipeline.generation_request import GenerationRequest
from gateway.pipeline.hits import Hit
from gateway.pipeline.request_context import RequestContext
from gateway.pipeline.single_flight import Lead
from gateway.pipeline.stored_answer import as_asked
from shared.usage_events import HIT, HIT_COALESCED, CacheStatus


@dataclass(frozen=True, slots=True)
class MustFetch:
    """The provider must be asked. ``held``: what this request holds meanwhile.

    ``created_ms``: the date of the entry that its answer becomes. ``waited``: it was a follower,
    without a stream's slot so far. ``lead``: for those who wait for its answer.
    """

    held: Held
    created_ms: int
    waited: bool = False
    lead: Lead | None = None


@dataclass(frozen=True, slots=True)
class CoalescedHit:
    """The answer of another request. ``held``: what this request holds and gives up with it.

    ``unstored``: an entry that this request has to store as well, because Redis did not answer the
    request that fetched it.
    """

    hit: Hit
    held: Held
    unstored: Entry | None = None


async def coalesce(
    context: RequestContext,
    generation: GenerationRequest,
    request: AdmissionRequest,
    admission: Admission,
) -> CoalescedHit | MustFetch:
    """The answer of another request, or that this one is to ask the provider.

    For an admitted request that found nothing, and whose answer others may have.
    """
    miss = _Miss(context, generation, request, admission)
    try:
        return await miss.share()
    except BaseException:
        miss.lead.end()
        raise


class _Miss:
    """A request that found nothing in the cache. ``_leads``: it holds the lock in Redis."""

    def __init__(
        self,
        context: RequestContext,
        generation: GenerationRequest,
        request: AdmissionRequest,
        admission: Admission,
    ) -> None:
        self._context = context
        self._generation = generation
        self._request = request
        self._admission = admission
        self._platform = context.host.platform
        self._flight_key = (context.record.project_id, generation.key)
        self._began = self._platform.monotonic()
        self._is_degraded = bool(admission.degraded)
        self._leads = not admission.degraded and not admission.lease_left_ms
        held = admission.held(request.wants)
        self._held = held if self._leads else held.without_lock()
        self.lead = Lead(context.host, *self._flight_key, request)
        context.row.when_finished(self.lead.end)

    async def share(self) -> CoalescedHit | MustFetch:
        """See ``coalesce``."""
        flights = self._context.host.runtime.flights
        if self._leads:
            self.lead.in_redis.hold(self._held.lock_token)
        fetch = MustFetch(self._held, self._admission.now_ms, lead=self.lead)
        for _ in range(MOST_LEADERS):
            if (recent := self._recent()) is not None:
                return recent
            flight = flights.find(*self._flight_key)
            if flight is None or (self._leads and not flight.asks):
                self.lead.begin()
                if self._leads or self._is_degraded:
                    return fetch
                return await self._follow()
            entry = await answer_of_leader(self._platform, flight, self._request.lease_ms / 1000)
            self._context.timing.mark("follow", self._began)
            fetch = replace(fetch, created_ms=self._now_ms(), waited=True)
            if not flight.has_ended:  # its leader is gone
                flights.end(*self._flight_key, flight, None)
            if entry is not None:
                dated = replace(entry, created_ms=self._redis_ms(flight.began))
                if (found := self._remembered(dated, HIT_COALESCED)) is not None:
                    return found
        return fetch

    async def _follow(self) -> CoalescedHit | MustFetch:
        """Wait, for all of this process, for the leader in another one; or lead."""
        context, generation, admitted_ms = self._context, self._generation, self._admission.now_ms
        found = await follow(
            self._platform, context.host.store, context.record.project_id, self._request
        )
        context.timing.mark("follow", self._began)
        if found.entry is not None:
            hit = await hits.find_coalesced(context, generation, found.entry, admitted_ms)
            if hit is not None:
                self.lead.end(hit.stored.entry)
                return CoalescedHit(hit, self._reserved())
        held = self._held
        if found.leads:
            held = replace(held, lock_token=self._request.wants.lock_token)
            self.lead.in_redis.hold(held.lock_token)
        return MustFetch(held, found.now_ms, waited=True, lead=self.lead)

    def _recent(self) -> CoalescedHit | None:
        """The answer that this process fetched since this request came, or within the second before
        it where Redis is away. ``None`` for the holder of the lock: Redis has just told it that
        there is no answer."""
        if self._leads:
            return None
        recent = self._context.host.runtime.recent
        entry = recent.get(*self._flight_key, self._began)
        if entry is not None:
            return self._remembered(entry, HIT_COALESCED)
        entry = (
            recent.get(*self._flight_key, self._began - KEPT_SECONDS) if self._is_degraded else None
        )
        return None if entry is None else self._remembered(entry, HIT)

    def _remembered(self, entry: Entry, status: CacheStatus) -> CoalescedHit | None:
        """A hit on an answer of this process. ``None`` when it has no form that this request
        takes."""
        context, generation = self._context, self._generation
        stored = as_asked(generation, entry)
        if stored is None:
            return None
        if self._is_degraded:
            context.row.event.decision = None  # the cache took part after all
        hit = Hit(stored, status, self._admission.now_ms)
        if not self._leads:
            return CoalescedHit(hit, self._reserved())
        # Redis has answered this request and did not answer the leader: it stores for both.
        return CoalescedHit(hit, self._held, unstored=entry)

    def _reserved(self) -> Held:
        """What a follower holds: its leader holds the lock and a slot."""
        return Held(tokens=self._held.tokens, local=self._held.local)

    def _redis_ms(self, moment: float) -> int:
        """A moment of the monotonic clock by Redis's, or a little before it."""
        return self._admission.now_ms + int((moment - self._began) * 1000)

    def _now_ms(self) -> int:
        return self._redis_ms(self._platform.monotonic())
