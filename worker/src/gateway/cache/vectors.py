"""The cache of embeddings: one entry an input, many entries a request."""

import json
from typing import Any

from gateway import limits
from gateway.cache import entry as entries
from gateway.cache.entry import Entry, EntryError
from gateway.cache.policy import Policy
from gateway.cache.scripts import LOOK_UP, STORE
from gateway.cache.store import StoreUnavailable
from gateway.exchange import Exchange
from gateway.formats.vectors import Vector
from gateway.limits import Admission, Lookup
from gateway.telemetry.log import log_event
from shared import entry_head, redis_keys
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

    async def look_up(self, keys: list[str]) -> tuple[dict[str, Vector], Admission]:
        """Admission and the vectors that are there. One round trip, and one more for each
        further 256 inputs."""
        x, policy = self._x, self._policy
        wanted = list(dict.fromkeys(keys)) if policy.read else []
        lookup = Lookup(
            entries=[self._entry(key) for key in wanted[:PER_TRIP]],
            model=self._model,
            namespace=policy.namespace,
            max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
            only=policy.only,
        )
        admission = await x.admit(lookup)
        self._created_ms = admission.now_ms
        values = list(admission.entries)
        for start in range(PER_TRIP, len(wanted), PER_TRIP):
            values += await self._more(lookup, wanted[start : start + PER_TRIP])
        found = {}
        for key, value in zip(wanted, values, strict=True):
            vector = await self._open(key, value) if value is not None else None
            if vector is not None:
                found[key] = vector
        return found, admission

    async def settle(self, new: dict[str, Vector]) -> None:
        """Write vectors, a trip for each 256; charge their tokens and money with the first one."""
        x = self._x
        writes = self._policy.write and x.event.cache_status != BYPASS
        items = list(new.items()) if writes else []
        if not items and not limits.counts_money_or_tokens(x.record):
            return
        tokens = sum(vector.tokens for vector in new.values())
        cost = x.event.cost_nanousd or 0
        for start in range(0, max(1, len(items)), PER_TRIP):
            names = [
                redis_keys.lock(x.record.project_id, "none"),
                *limits.account_keys(x.record, x.started),
            ]
            arguments: list[Any] = ["", 0, *limits.charge_arguments(x.record, tokens, cost)]
            tokens = cost = 0
            for key, vector in items[start : start + PER_TRIP]:
                names.append(self._entry(key))
                arguments += [self._policy.ttl_seconds * 1000, await self._seal(key, vector)]
            try:
                await x.store.run(STORE, names, arguments)
            except StoreUnavailable as error:
                log_event("entry_not_stored", "warning", reason=str(error))
                return

    def _entry(self, key: str) -> str:
        return redis_keys.entry(self._x.record.project_id, key)

    async def _more(self, lookup: Lookup, keys: list[str]) -> list[str | None]:
        names = [redis_keys.cutoffs(self._x.record.project_id), *map(self._entry, keys)]
        fields = (model_field(lookup.model), namespace_field(lookup.namespace))
        try:
            values: list[str | None] = await self._x.store.run(
                LOOK_UP, names, [*fields, lookup.max_age_ms]
            )
        except StoreUnavailable:
            return [None] * len(keys)
        return values

    async def _open(self, key: str, value: str) -> Vector | None:
        x = self._x
        try:
            stored = await entries.unseal(
                x.platform, x.runtime.data_key(x.record), self._entry(key), value
            )
        except EntryError as error:
            log_event("entry_unreadable", "error", reason=str(error))
            return None
        return Vector(json.loads(stored.body), stored.facts["tokens"], stored.facts["model"])

    async def _seal(self, key: str, vector: Vector) -> str:
        x = self._x
        facts = {"tokens": vector.tokens, "model": vector.model}
        label = entry_head.label(self._model, self._policy.namespace)
        body = json.dumps(vector.value, separators=(",", ":"))
        stored = Entry(self._created_ms, label, facts, body)
        return await entries.seal(
            x.platform, x.runtime.data_key(x.record), self._entry(key), stored
        )
