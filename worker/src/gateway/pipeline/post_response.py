"""After the provider's response: write the entry, release lock and stream slot, charge tokens and
cost."""

from dataclasses import dataclass, field
from typing import Any

from gateway.admission import accounts, single_flight
from gateway.admission.accounts import NOTHING_SPENT, AccountKeys, Charges, Spent
from gateway.admission.local_limits import LocalLimits
from gateway.admission.request import Held, LocalHold
from gateway.cache import entry as entries
from gateway.cache.entry import Entry
from gateway.cache.project_cache import ProjectCache
from gateway.core import strict_json
from gateway.core.log import log_event
from gateway.formats import labels
from gateway.pipeline.generation_request import GenerationRequest
from gateway.providers.registry import Target
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from shared import entry_head, redis_keys
from shared.key_record import KeyRecord


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """What the provider said. ``body`` is ``None`` when it must not be stored.

    ``text`` is its JSON where that is at hand; ``answered_at``: when its last byte came, by the
    monotonic clock.
    """

    target: Target
    answered_at: float
    body: dict[str, Any] | None = None
    text: str | None = None


@dataclass(slots=True)
class PostResponse:
    """One round trip after the response. Either ``commit`` or ``release`` is called, once.

    ``started``: unix time at which the request came: its month is charged. ``created_ms``: when it
    was admitted, which dates the entry. ``may_write``: whether the cache takes part.
    """

    cache: ProjectCache
    record: KeyRecord
    local: LocalLimits
    generation: GenerationRequest
    held: Held
    started: float
    created_ms: int
    may_write: bool
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.cache.platform.monotonic()

    async def commit(self, answer: ProviderAnswer, spent: Spent) -> None:
        """Write a complete answer, give the lock and the stream's slot up, charge what was used.

        Without an answer to store, waiting followers are told to ask the provider themselves. A
        fallback's answer is never stored: it is not what the request asked for.
        """
        generation, held = self.generation, self.held
        own = answer.target is generation.target
        writes = answer.body is not None and generation.policy.write and self.may_write and own
        owes = held.lock_token or held.slot or accounts.counts_money_or_tokens(self.record)
        if not writes and not owes:
            return
        lock, account, charges = self._charging(spent, held.tokens, held.slot)
        booked = False
        try:
            if writes:
                await self._write(answer, lock, account, charges)
            else:
                await self._charge(lock, account, charges)
            booked = True
        except StoreUnavailable as error:
            booked = error.may_have_run
            log_event("entry_not_stored", "warning", reason=str(error))
        finally:
            self._count(charges, account, held.local, booked=booked)

    async def charge_shadow(self, spent: Spent) -> None:
        """Charge the tokens and the money of a semantic hit's shadow check."""
        if not accounts.counts_money_or_tokens(self.record):
            return
        lock, account, charges = self._charging(spent, 0, "")
        booked = False
        try:
            await self._charge(lock, account, charges)
            booked = True
        except StoreUnavailable as error:
            booked = error.may_have_run
            log_event("shadow_check_not_charged", "warning", reason=str(error))
        finally:
            self._count(charges, account, None, booked=booked)

    def release(self) -> None:
        """Nothing to store: release lock, slot and reserved tokens, after the response."""
        platform = self.cache.platform
        nothing = ProviderAnswer(self.generation.target, platform.monotonic())
        platform.wait_until(self.commit(nothing, NOTHING_SPENT))

    def _count(
        self, charges: Charges, account: AccountKeys, hold: LocalHold | None, *, booked: bool
    ) -> None:
        """In this process, for while Redis is away; ``booked``: it knows, or may know."""
        now = self.cache.platform.monotonic()
        self.local.settle(self.record, account, charges, hold, booked=booked, now=now)

    def _charging(self, spent: Spent, reserved: int, slot: str) -> tuple[str, AccountKeys, Charges]:
        return (
            redis_keys.lock(self.record.project_id, self.generation.key),
            accounts.account_keys(self.record, self.started),
            accounts.charges(self.record, spent.tokens - reserved, spent.nanousd, slot),
        )

    async def _charge(self, lock: str, account: AccountKeys, charges: Charges) -> None:
        await calls.commit(
            self.cache.store,
            lock=lock,
            **account,
            entries=(),
            lock_token=self.held.lock_token,
            tombstone_ms=single_flight.TOMBSTONE_MS,
            **charges,
            values=(),
        )

    async def _write(
        self, answer: ProviderAnswer, lock: str, account: AccountKeys, charges: Charges
    ) -> None:
        cache, generation, token = self.cache, self.generation, self.held.lock_token
        value = await cache.seal(generation.key, self._entry(answer))
        ttl_ms = generation.policy.ttl_seconds * 1000
        if generation.query is None:
            await calls.commit(
                cache.store,
                lock=lock,
                **account,
                entries=(cache.name(generation.key),),
                lock_token=token,
                tombstone_ms=0,
                **charges,
                values=((ttl_ms, value),),
            )
            return
        from gateway.semantic import choice as semantic

        await calls.commit_indexed(
            cache.store,
            lock=lock,
            **account,
            entry=cache.name(generation.key),
            lock_token=token,
            **charges,
            ttl_ms=ttl_ms,
            value=value,
            **await semantic.filing(
                cache.platform, cache.data_key, generation.query, generation.key, self.created_ms
            ),
        )

    def _entry(self, answer: ProviderAnswer) -> Entry:
        generation, body = self.generation, answer.body or {}
        provider, model = generation.target.provider.name, generation.target.model
        took_ms = int((answer.answered_at - self._began) * 1000)
        answered_ms = self.created_ms + took_ms
        facts = entries.facts(provider, model, generation.format.usage(body), answered_ms)
        facts["labels"] = labels.found(body)
        text = answer.text if answer.text is not None else strict_json.dumps(body)
        label = entry_head.label(model, generation.policy.namespace)
        return Entry(self.created_ms, label, facts, text)
