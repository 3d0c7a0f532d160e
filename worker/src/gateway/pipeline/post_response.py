"""After the provider's response: write the entry, release lock and stream slot, charge tokens and
cost."""

import contextlib
from dataclasses import dataclass, field
from typing import Any

from gateway.admission import accounts, single_flight
from gateway.admission.accounts import (
    NOTHING_SPENT,
    AccountKeys,
    Charges,
    LabelAccount,
    Spent,
)
from gateway.admission.local_limits import LocalLimits
from gateway.admission.request import Held, LocalHold
from gateway.cache import entry as entries
from gateway.cache.entry import Entry
from gateway.cache.project_cache import ProjectCache
from gateway.core import strict_json
from gateway.core.log import log_event
from gateway.formats import labels
from gateway.pipeline.generation_request import GenerationRequest
from gateway.pipeline.single_flight import Lead
from gateway.providers.registry import Target
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from gateway.reporting.journal import Journal, JournalRow
from gateway.reporting.pending import Row
from shared import entry_head, redis_keys
from shared.key_record import KeyRecord

PAUSES_BEFORE_RETRIES = (0.25, 1.0, 2.0, 3.0)
"""Seconds. On Cloudflare work after the response ends some 30 s after it."""


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
    """One round trip after the response. Call exactly one of ``commit``, ``commit_entry`` and
    ``release``, once.

    ``label``: where the request's value of the limited label counts.
    ``started``: unix time at which the request came: its month is charged. ``created_ms``: when it
    was admitted, which dates the entry. ``may_write``: whether the cache takes part. ``lead``: for
    those who wait for this request's answer. ``row_kept``: Redis keeps the usage row.
    """

    cache: ProjectCache
    record: KeyRecord
    local: LocalLimits
    journal: Journal
    generation: GenerationRequest
    held: Held
    label: LabelAccount | None
    started: float
    created_ms: int
    may_write: bool
    lead: Lead | None = None
    row_kept: bool = False
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.cache.platform.monotonic()

    async def commit(self, answer: ProviderAnswer, spent: Spent, row: Row | None = None) -> None:
        """Write a complete answer, give the lock and the stream's slot up, charge what was used.

        Without an answer to store, waiting followers are told to ask the provider themselves. A
        fallback's answer is never stored: it is not what the request asked for. ``row``: the usage
        row, where the request is over.
        """
        generation = self.generation
        own = answer.target is generation.target
        is_for_others = answer.body is not None and generation.policy.write and own
        entry = self._entry(answer) if is_for_others else None
        if self.lead is not None:
            self.lead.end(entry)
        await self.commit_entry(entry if self.may_write else None, spent, row)

    async def commit_entry(self, entry: Entry | None, spent: Spent, row: Row | None = None) -> None:
        """Write ``entry`` and ``row``, if any, give up what is held, charge."""
        held = self.held
        owes = held.lock_token or held.slot or accounts.counts_money_or_tokens(self.record)
        if entry is None and not owes:
            return
        lock, account, charges = self._charging(spent, held.tokens, held.slot)
        booked = False
        try:
            kept_row = await self.journal.argument(row)
            self.row_kept = await self._write(entry, lock, account, charges, kept_row)
            booked = True
        except StoreUnavailable as error:
            booked = error.may_have_run
            log_event("entry_not_stored", "warning", reason=str(error))
            if held.local is None:
                self.cache.platform.wait_until(self._write_again(entry))
        finally:
            self._count(charges, account, held.local, booked=booked)

    async def charge_shadow(self, spent: Spent) -> None:
        """Charge the tokens and the money of a semantic hit's shadow check."""
        if not accounts.counts_money_or_tokens(self.record):
            return
        lock, account, charges = self._charging(spent, 0, "")
        booked = False
        try:
            await self._write(None, lock, account, charges, await self.journal.argument(None))
            booked = True
        except StoreUnavailable as error:
            booked = error.may_have_run
            log_event("shadow_check_not_charged", "warning", reason=str(error))
        finally:
            self._count(charges, account, None, booked=booked)

    def release(self, spent: Spent = NOTHING_SPENT) -> None:
        """Nothing to store: release lock, slot and reserved tokens, and charge ``spent``, after the
        response."""
        platform = self.cache.platform
        nothing = ProviderAnswer(self.generation.target, platform.monotonic())
        platform.wait_until(self.commit(nothing, spent))

    def _count(
        self, charges: Charges, account: AccountKeys, hold: LocalHold | None, *, booked: bool
    ) -> None:
        """Count in this process, for times in which Redis is away. ``booked``: Redis knows of these
        charges, or may."""
        now = self.cache.platform.monotonic()
        self.local.charge(self.record, account, charges, hold, booked=booked, now=now)

    def _charging(self, spent: Spent, reserved: int, slot: str) -> tuple[str, AccountKeys, Charges]:
        return (
            redis_keys.lock(self.record.project_id, self.generation.key),
            accounts.account_keys(self.record, self.started, self.label),
            accounts.charges(self.record, spent.tokens - reserved, spent.nanousd, self.label, slot),
        )

    async def _write_again(self, entry: Entry | None) -> None:
        """Write the entry and give up lock and slot, for some seconds. Nothing is charged here:
        charges that Redis did not get are booked later, and those that it may have got must not
        come twice."""
        lock, account, charges = self._charging(NOTHING_SPENT, 0, self.held.slot)
        no_row = await self.journal.argument(None)
        for pause in PAUSES_BEFORE_RETRIES:
            await self.cache.platform.sleep(pause)
            with contextlib.suppress(StoreUnavailable):
                await self._write(entry, lock, account, charges, no_row)
                return

    async def _write(
        self,
        entry: Entry | None,
        lock: str,
        account: AccountKeys,
        charges: Charges,
        row: JournalRow,
    ) -> bool:
        """True when Redis keeps the row."""
        cache, generation, token = self.cache, self.generation, self.held.lock_token
        if entry is None:
            kept = await calls.commit(
                cache.store,
                lock=lock,
                **account,
                entries=(),
                lock_token=token,
                tombstone_ms=single_flight.TOMBSTONE_MS,
                **charges,
                **row,
                values=(),
            )
            return bool(kept)
        value = await cache.seal(generation.key, entry)
        ttl_ms = generation.policy.ttl_seconds * 1000
        if generation.query is None:
            kept = await calls.commit(
                cache.store,
                lock=lock,
                **account,
                entries=(cache.name(generation.key),),
                lock_token=token,
                tombstone_ms=0,
                **charges,
                **row,
                values=((ttl_ms, value),),
            )
            return bool(kept)
        from gateway.semantic import choice as semantic

        kept = await calls.commit_indexed(
            cache.store,
            lock=lock,
            **account,
            entry=cache.name(generation.key),
            lock_token=token,
            **charges,
            **row,
            ttl_ms=ttl_ms,
            value=value,
            **await semantic.filing(
                cache.platform, cache.data_key, generation.query, generation.key, entry.created_ms
            ),
        )
        return bool(kept)

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
