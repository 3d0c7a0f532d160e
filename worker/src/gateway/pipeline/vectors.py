"""The cache of embeddings: one entry an input, many entries a request."""

import json
from dataclasses import replace

from gateway.admission import accounts, single_flight
from gateway.admission.request import NOTHING_HELD, Admission, AdmissionRequest, Held
from gateway.cache import entry as entries
from gateway.cache.entry import Entry
from gateway.cache.policy import Policy
from gateway.core.log import log_event
from gateway.formats.base import MALFORMED
from gateway.formats.vectors import Vector
from gateway.pipeline.exchange import Exchange
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from shared import entry_head, hashing, redis_keys
from shared.purge_cutoffs import model_field, namespace_field
from shared.usage_events import BYPASS

PER_TRIP = 256
"""Entries asked for or written in one round trip: 256 large vectors are about 4 MB."""


class VectorCache:
    """Embedding entries as one request sees them."""

    def __init__(self, x: Exchange, policy: Policy, model: str) -> None:
        self._x = x
        self._policy = policy
        self._model = model
        self._created_ms = 0
        self._request = AdmissionRequest()
        self._held = NOTHING_HELD

    async def look_up(self, keys: list[str]) -> tuple[dict[str, Vector], Admission]:
        """Admission and the vectors that are there. One round trip, and one more for each
        further 256 inputs."""
        x, policy = self._x, self._policy
        wanted = list(dict.fromkeys(keys)) if policy.read else []
        # Batches that are alike fly together; those that overlap each ask for what is new.
        competes = bool(wanted) and policy.write and policy.max_age is None
        wants = Held(
            lock_token=x.token if competes else "",
            tokens=accounts.estimate_tokens(x.record, x.characters, 0),
        )
        self._request = request = AdmissionRequest(
            entries=[self._entry(key) for key in wanted[:PER_TRIP]],
            model=self._model,
            namespace=policy.namespace,
            max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
            lock=redis_keys.lock(x.record.project_id, hashing.digest(*wanted)) if competes else "",
            lease_ms=round(x.settings.lease_seconds * 1000),
            wants=wants,
            no_upstream=policy.only_if_cached,
        )
        admission = await x.admit(request)
        self._created_ms = admission.now_ms
        found_all = bool(admission.entries) and None not in admission.entries
        self._held = NOTHING_HELD if admission.degraded or found_all else wants
        values = [*admission.entries, *await self._more(wanted[PER_TRIP:])]
        return await self._opened(wanted, values), admission

    async def follow(self, missing: list[str]) -> dict[str, Vector]:
        """What another request for the same batch has fetched meanwhile; nothing when this one has
        to ask the provider itself."""
        # A batch is written in its order, the last of it in its last trip.
        last = replace(self._request, entries=[self._entry(missing[-1])])
        x = self._x
        began = x.platform.monotonic()
        arrived = await single_flight.follow(x.platform, x.store, x.record.project_id, last)
        x.timing.mark("follow", began)
        if not arrived.leads:
            self._held = self._held.without_lock()
        if arrived.entry is None:
            return {}
        return await self._opened(missing, await self._more(missing))

    async def commit(self, new: dict[str, Vector], tokens: int) -> None:
        """Write vectors, a trip for each 256; charge ``tokens`` and their money with the first one,
        give the lock up with the last. Without vectors those who wait ask the provider."""
        x, held = self._x, self._held
        writes = self._policy.write and x.event.cache_status != BYPASS
        items = list(new.items()) if writes else []
        if not items and not held.lock_token and not accounts.counts_money_or_tokens(x.record):
            return
        tokens -= held.tokens
        cost = x.event.cost_nanousd or 0
        for start in range(0, max(1, len(items)), PER_TRIP):
            is_last = start + PER_TRIP >= len(items)
            part = items[start : start + PER_TRIP]
            ttl_ms = self._policy.ttl_seconds * 1000
            values = [(ttl_ms, await self._seal(key, vector)) for key, vector in part]
            charges = accounts.charges(x.record, tokens, cost)
            tokens = cost = 0
            try:
                await calls.commit(
                    x.store,
                    lock=self._request.lock or redis_keys.no_lock(x.record.project_id),
                    **accounts.account_keys(x.record, x.timing.started),
                    entries=[self._entry(key) for key, _ in part],
                    lock_token=held.lock_token if is_last else "",
                    tombstone_ms=0 if items else single_flight.TOMBSTONE_MS,
                    **charges,
                    values=values,
                )
            except StoreUnavailable as error:
                log_event("entry_not_stored", "warning", reason=str(error))
                return

    def _entry(self, key: str) -> str:
        return redis_keys.entry(self._x.record.project_id, key)

    async def _more(self, keys: list[str]) -> list[str | None]:
        request = self._request
        values: list[str | None] = []
        for start in range(0, len(keys), PER_TRIP):
            part = keys[start : start + PER_TRIP]
            try:
                values += await calls.look_up(
                    self._x.store,
                    cutoffs=redis_keys.cutoffs(self._x.record.project_id),
                    entries=[self._entry(key) for key in part],
                    model_field=model_field(request.model),
                    namespace_field=namespace_field(request.namespace),
                    max_age_ms=request.max_age_ms,
                )
            except StoreUnavailable:
                values += [None] * len(part)
        return values

    async def _opened(self, keys: list[str], values: list[str | None]) -> dict[str, Vector]:
        found = {}
        for key, value in zip(keys, values, strict=True):
            vector = await self._open(key, value) if value is not None else None
            if vector is not None:
                found[key] = vector
        return found

    async def _open(self, key: str, value: str) -> Vector | None:
        x = self._x
        try:
            stored = await entries.unseal(x.platform, x.data_key(), self._entry(key), value)
            return Vector(json.loads(stored.body), stored.facts["tokens"], stored.facts["model"])
        except MALFORMED as error:  # sealed for something else, or of a release with another layout
            log_event("entry_unreadable", "error", reason=f"{type(error).__name__}: {error}")
            return None

    def release(self) -> None:
        """No vectors at all: release who waits, and the reservation, after the response."""
        self._x.platform.wait_until(self.commit({}, 0))

    async def _seal(self, key: str, vector: Vector) -> str:
        x = self._x
        facts = {"tokens": vector.tokens, "model": vector.model}
        label = entry_head.label(self._model, self._policy.namespace)
        body = json.dumps(vector.value, separators=(",", ":"))
        stored = Entry(self._created_ms, label, facts, body)
        return await entries.seal(x.platform, x.data_key(), self._entry(key), stored)
