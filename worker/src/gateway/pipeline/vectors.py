"""The cache of embeddings: one entry for each input, many entries for each request."""

import contextlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.admission import accounts, single_flight
from gateway.admission.accounts import (
    NOTHING_SPENT,
    AccountKeys,
    Charges,
    LabelAccount,
    Spent,
)
from gateway.admission.local_limits import LocalLimits
from gateway.admission.request import NOTHING_HELD, Admission, AdmissionRequest, Held
from gateway.cache.entry import Entry
from gateway.cache.flights import MOST_LEADERS, Flight, Flights, answer_of_leader
from gateway.cache.policy import Policy
from gateway.cache.project_cache import ProjectCache
from gateway.core.log import log_event
from gateway.formats.base import MALFORMED
from gateway.formats.vectors import Vector
from gateway.pipeline.post_response import PAUSES_BEFORE_RETRIES
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from gateway.reporting.journal import Journal, JournalRow
from gateway.reporting.pending import Row
from shared import entry_head, hashing, redis_keys
from shared.key_record import KeyRecord
from shared.purge_cutoffs import model_field, namespace_field

PER_TRIP = 256
"""Entries asked for or written in one round trip: 256 large vectors are about 4 MB."""
BYTES_PER_TRIP = 4 * 2**20
"""A round trip that writes ends with the vector that brings it to as many; one that reads, too
(``include/batch.lua``)."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """``stored``: bytes of the longest vector that is stored. ``read``: bytes that one request
    reads from the cache; inputs beyond them are asked for."""

    stored: int
    read: int


def admission_request(
    record: KeyRecord,
    policy: Policy,
    model: str,
    keys: list[str],
    *,
    own_id: str,
    characters: int,
    lease_seconds: float,
) -> AdmissionRequest:
    """What to admit for the inputs of these exact ``keys``; see ``AdmissionRequest``."""
    wanted = list(dict.fromkeys(keys)) if policy.read else []
    # Only equal batches share a single flight. Batches that overlap each ask for their own missing
    # inputs.
    competes = bool(wanted) and policy.write and policy.max_age is None
    project = record.project_id
    wants = Held(
        lock_token=own_id if competes else "",
        tokens=accounts.estimate_tokens(record, characters, 0),
    )
    return AdmissionRequest(
        entries=[redis_keys.entry(project, key) for key in wanted[:PER_TRIP]],
        model=model,
        namespace=policy.namespace,
        max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
        lock=redis_keys.lock(project, hashing.digest(*wanted)) if competes else "",
        lease_ms=round(lease_seconds * 1000),
        wants=wants,
        only_if_cached=policy.only_if_cached,
        is_charged=True,
    )


class VectorCache:
    """Embedding entries as one admitted request sees them. ``bounds``: of what it stores and reads.
    ``label``: where its value of the limited label counts. ``started``: unix time it came at."""

    def __init__(
        self,
        cache: ProjectCache,
        record: KeyRecord,
        policy: Policy,
        request: AdmissionRequest,
        admission: Admission,
        *,
        bounds: Bounds,
        local: LocalLimits,
        journal: Journal,
        flights: Flights[dict[str, Vector]],
        label: LabelAccount | None,
        started: float,
    ) -> None:
        self._cache = cache
        self._record = record
        self._local = local
        self._journal = journal
        self._most_stored = bounds.stored
        self._room = bounds.read
        self._policy = policy
        self._request = request
        self._entries = admission.entries
        self._created_ms = admission.now_ms
        self._writes = policy.write and not admission.degraded
        self._label = label
        self._started = started
        self._leader = single_flight.Leader(cache.platform, cache.store, request, self._beat)
        self._flights = flights
        self._flight: Flight[dict[str, Vector]] | None = None
        found_all = bool(admission.entries) and None not in admission.entries
        self._held = NOTHING_HELD if found_all else admission.held(request.wants)
        self._leads = bool(self._held.lock_token) and not admission.lease_left_ms

    async def look_up(self, keys: list[str]) -> dict[str, Vector]:
        """The vectors that are there. More round trips for inputs after the first 256, and for what
        a reply could not carry."""
        wanted = list(dict.fromkeys(keys)) if self._policy.read else []
        found = await self._opened(wanted[: len(self._entries)], self._entries)
        return found | await self._more(_not_sent(wanted, self._entries))

    async def share(self) -> dict[str, Vector]:
        """What a request of this process for the same batch has fetched meanwhile; nothing when
        this one leads, or is to ask for itself. See ``coalesce``, which does it for generations."""
        if not self._request.lock:
            return {}
        if self._leads:
            self._leader.hold(self._held.lock_token)
        platform = self._cache.platform
        for _ in range(MOST_LEADERS):
            flight = self._flights.find(*self._place)
            if flight is None or (self._leads and not flight.asks):
                self._flight = self._flights.begin(*self._place, platform.monotonic())
                self._leader.keep()
                return {}
            theirs = await answer_of_leader(platform, flight, self._request.lease_ms / 1000)
            if not flight.has_ended:  # its leader is gone
                self._flights.end(*self._place, flight, None)
            if theirs is not None:
                return theirs
        return {}

    def asks(self) -> None:
        """This request asks the provider: it waits for nobody any more."""
        if self._flight is not None:
            self._flight.asks = True

    @property
    def is_followed(self) -> bool:
        """Whether requests of this process may wait for this one's vectors."""
        return self._flight is not None

    def end_flight(self, found: dict[str, Vector] | None) -> None:
        """Give the batch's vectors to those who wait; without them they ask themselves."""
        self._leader.end()
        flight, self._flight = self._flight, None
        if flight is not None:
            self._flights.end(*self._place, flight, found)

    @property
    def _place(self) -> tuple[str, str]:
        return self._cache.project_id, self._request.lock

    def _beat(self) -> None:
        if self._flight is not None:
            self._flight.beats += 1

    async def follow(self, missing: list[str]) -> dict[str, Vector]:
        """What a request of another process for the same batch has fetched meanwhile; nothing when
        this one has to ask the provider itself."""
        # A batch is written in its order, the last of it in its last trip.
        last = replace(self._request, entries=[self._cache.name(missing[-1])])
        cache = self._cache
        arrived = await single_flight.follow(cache.platform, cache.store, cache.project_id, last)
        if arrived.leads:
            self._leader.hold(self._held.lock_token)
        else:
            self._held = self._held.without_lock()
        if arrived.entry is None:
            return {}
        return await self._more(missing)

    async def commit(self, new: dict[str, Vector], spent: Spent, row: Row | None = None) -> None:
        """Write vectors, at most 256 in each round trip. The first trip charges ``spent``, the last
        one releases the lock. Without vectors followers are told to ask the provider. The first one
        also keeps the usage ``row``, where the request is over. Too long a vector is not stored."""
        self.end_flight(None)
        held, record = self._held, self._record
        items = list(new.items()) if self._writes else []
        if not items and not held.lock_token and not accounts.counts_money_or_tokens(record):
            return
        trip = await self._trip(items, 0)
        charged, kept_row = spent, await self._journal.argument(row)
        hold, reserved = held.local, held.tokens
        while True:
            account, charges = self._charging(charged.tokens - reserved, charged.nanousd)
            booked = False
            try:
                if await self._write(trip, account, charges, kept_row):
                    self._journal.note_kept(kept_row["row_id"])
                booked = True
            except StoreUnavailable as error:
                booked = error.may_have_run
                log_event("entry_not_stored", "warning", reason=str(error))
                if held.local is None:
                    self._cache.platform.wait_until(self._write_again(items, trip))
                return
            finally:
                now = self._cache.platform.monotonic()
                self._local.charge(record, account, charges, hold, booked=booked, now=now)
            if trip.is_last:
                return
            trip = await self._trip(items, trip.end)
            charged, kept_row = NOTHING_SPENT, await self._journal.argument(None)
            hold, reserved = None, 0

    def _charging(self, tokens: int, nanousd: int) -> tuple[AccountKeys, Charges]:
        return (
            accounts.account_keys(self._record, self._started, self._label),
            accounts.charges(self._record, tokens, nanousd, self._label),
        )

    async def _write_again(self, items: list[tuple[str, Vector]], trip: "_Trip") -> None:
        """Write what is not written yet, from ``trip`` on, and give up the lock, for some seconds.
        Nothing is charged: see ``PostResponse``."""
        account, charges = self._charging(0, 0)
        no_row = await self._journal.argument(None)
        for pause in PAUSES_BEFORE_RETRIES:
            await self._cache.platform.sleep(pause)
            with contextlib.suppress(StoreUnavailable):
                await self._write(trip, account, charges, no_row)
                while not trip.is_last:
                    trip = await self._trip(items, trip.end)
                    await self._write(trip, account, charges, no_row)
                return

    async def _trip(self, items: list[tuple[str, Vector]], start: int) -> "_Trip":
        """Vectors from ``start`` on, sealed: as many as one round trip carries."""
        sealed: list[tuple[str, str]] = []
        end, size = start, 0
        while end < len(items) and len(sealed) < PER_TRIP and size < BYTES_PER_TRIP:
            key, vector = items[end]
            end += 1
            body = json.dumps(vector.value, separators=(",", ":"))
            if len(body) <= self._most_stored:
                sealed.append((self._cache.name(key), await self._seal(key, vector, body)))
                size += len(sealed[-1][1])
        return _Trip(sealed, end, is_last=end == len(items))

    async def _write(
        self, trip: "_Trip", account: AccountKeys, charges: Charges, row: JournalRow
    ) -> int:
        """Write one trip's vectors; the last trip gives up the lock."""
        ttl_ms = self._policy.ttl_seconds * 1000
        return await calls.commit(
            self._cache.store,
            lock=self._request.lock or redis_keys.no_lock(self._record.project_id),
            **account,
            entries=[name for name, _ in trip.sealed],
            lock_token=self._held.lock_token if trip.is_last else "",
            tombstone_ms=0 if trip.sealed else single_flight.TOMBSTONE_MS,
            **charges,
            **row,
            values=[(ttl_ms, value) for _, value in trip.sealed],
        )

    async def _more(self, keys: list[str]) -> dict[str, Vector]:
        request = self._request
        found: dict[str, Vector] = {}
        while keys and self._room > 0:
            part, keys = keys[:PER_TRIP], keys[PER_TRIP:]
            try:
                values = await calls.look_up(
                    self._cache.store,
                    cutoffs=redis_keys.cutoffs(self._cache.project_id),
                    entries=[self._cache.name(key) for key in part],
                    model_field=model_field(request.model),
                    namespace_field=namespace_field(request.namespace),
                    max_age_ms=request.max_age_ms,
                )
            except StoreUnavailable:
                continue
            found |= await self._opened(part, values)
            keys = _not_sent(part, values) + keys
        return found

    async def _opened(self, keys: list[str], values: Sequence[str | None]) -> dict[str, Vector]:
        found = {}
        for key, value in zip(keys, values, strict=True):
            vector = await self._open(key, value) if value and self._room > 0 else None
            if vector is not None:
                found[key] = vector
        return found

    async def _open(self, key: str, value: str) -> Vector | None:
        stored = await self._cache.unseal(key, value)
        if stored is None:
            return None
        self._room -= len(stored.body)
        try:
            return Vector(json.loads(stored.body), stored.facts["tokens"], stored.facts["model"])
        except MALFORMED as error:
            log_event("entry_of_another_layout", "error", reason=f"{type(error).__name__}: {error}")
            return None

    def release(self, spent: Spent = NOTHING_SPENT) -> None:
        """No vectors: release followers and the reservation, and charge ``spent``, after the
        response."""
        self._cache.platform.wait_until(self.commit({}, spent))

    @property
    def estimated_tokens(self) -> int:
        """What is reserved until the answer tells its real tokens."""
        return self._held.estimated_tokens

    async def _seal(self, key: str, vector: Vector, body: str) -> str:
        facts = {"tokens": vector.tokens, "model": vector.model}
        label = entry_head.label(self._request.model, self._policy.namespace)
        stored = Entry(self._created_ms, label, facts, body)
        return await self._cache.seal(key, stored)


@dataclass(frozen=True, slots=True)
class _Trip:
    """Names and values that one round trip writes. ``end``: the first item after it."""

    sealed: list[tuple[str, str]]
    end: int
    is_last: bool


def _not_sent(keys: list[str], values: Sequence[str | None]) -> list[str]:
    """Those that a reply of ``values`` could not carry, or was not asked for."""
    left = [key for key, value in zip(keys, values, strict=False) if value == ""]
    return left + keys[len(values) :]
