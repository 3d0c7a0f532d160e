"""After the provider's response: write the entry, release lock and stream slot, charge tokens and
cost."""

from dataclasses import dataclass
from typing import Any

from gateway.admission import accounts, single_flight
from gateway.admission.accounts import AccountKeys, Charges
from gateway.admission.request import Held
from gateway.cache import entry as entries
from gateway.cache.entry import Entry
from gateway.core import strict_json
from gateway.core.log import log_event
from gateway.formats import labels
from gateway.formats.base import Usage
from gateway.pipeline.generation_request import GenerationRequest
from gateway.pipeline.request_context import RequestContext
from gateway.providers.registry import Target
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from shared import entry_head, redis_keys
from shared.usage_events import BYPASS


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


class PostResponse:
    """One round trip after the response. ``created_ms``: when the request was admitted.

    Either ``commit`` or ``release`` is called, once.
    """

    def __init__(
        self, context: RequestContext, generation: GenerationRequest, held: Held, created_ms: int
    ) -> None:
        self._context = context
        self._generation = generation
        self._held = held
        self._created_ms = created_ms
        self._began = context.host.platform.monotonic()

    async def commit(self, answer: ProviderAnswer) -> None:
        """Write a complete answer, give the lock and the stream's slot up, charge what was used.

        Without an answer to store, waiting followers are told to ask the provider themselves. A
        fallback's answer is never stored: it is not what the request asked for.
        """
        context, held = self._context, self._held
        writes = self._writable(answer)
        tokens = accounts.used_tokens(context.record, context.row.event, held.tokens) - held.tokens
        owes = held.lock_token or held.slot or accounts.counts_money_or_tokens(context.record)
        if not writes and not owes:
            return
        lock = redis_keys.lock(context.record.project_id, self._generation.key)
        account = accounts.account_keys(context.record, context.timing.started)
        charges = accounts.charges(
            context.record, tokens, context.row.event.cost_nanousd or 0, held.slot
        )
        try:
            if writes:
                await self._write(answer, lock, account, charges)
            else:
                await self._charge(lock, account, charges)
        except StoreUnavailable as error:
            log_event("entry_not_stored", "warning", reason=str(error))

    async def charge_shadow(self, spent: Usage) -> None:
        """Charge the tokens and the money of a semantic hit's shadow check."""
        context = self._context
        if not accounts.counts_money_or_tokens(context.record):
            return
        tokens = (spent.prompt or 0) + (spent.completion or 0)
        lock = redis_keys.lock(context.record.project_id, self._generation.key)
        account = accounts.account_keys(context.record, context.timing.started)
        charges = accounts.charges(context.record, tokens, context.row.event.cost_nanousd or 0)
        try:
            await self._charge(lock, account, charges)
        except StoreUnavailable as error:
            log_event("shadow_check_not_charged", "warning", reason=str(error))

    async def _charge(self, lock: str, account: AccountKeys, charges: Charges) -> None:
        await calls.commit(
            self._context.host.store,
            lock=lock,
            **account,
            entries=(),
            lock_token=self._held.lock_token,
            tombstone_ms=single_flight.TOMBSTONE_MS,
            **charges,
            values=(),
        )

    async def _write(
        self, answer: ProviderAnswer, lock: str, account: AccountKeys, charges: Charges
    ) -> None:
        context, query, token = self._context, self._generation.query, self._held.lock_token
        redis_key = redis_keys.entry(context.record.project_id, self._generation.key)
        value = await self._sealed(redis_key, answer)
        ttl_ms = self._generation.policy.ttl_seconds * 1000
        if query is None:
            await calls.commit(
                context.host.store,
                lock=lock,
                **account,
                entries=(redis_key,),
                lock_token=token,
                tombstone_ms=0,
                **charges,
                values=((ttl_ms, value),),
            )
            return
        from gateway.semantic import choice as semantic

        await calls.commit_indexed(
            context.host.store,
            lock=lock,
            **account,
            entry=redis_key,
            lock_token=token,
            **charges,
            ttl_ms=ttl_ms,
            value=value,
            **await semantic.filing(
                context.host.platform,
                context.data_key(),
                query,
                self._generation.key,
                self._created_ms,
            ),
        )

    def release(self) -> None:
        """Nothing to store: release lock, slot and reserved tokens, after the response."""
        context = self._context
        nothing = ProviderAnswer(self._generation.target, context.host.platform.monotonic())
        context.host.platform.wait_until(self.commit(nothing))

    def _writable(self, answer: ProviderAnswer) -> bool:
        return (
            answer.body is not None
            and self._generation.policy.write
            and self._context.row.event.cache_status != BYPASS
            and answer.target is self._generation.target
        )

    async def _sealed(self, redis_key: str, answer: ProviderAnswer) -> str:
        context, generation = self._context, self._generation
        body = answer.body or {}
        took_ms = int((answer.answered_at - self._began) * 1000)
        facts = entries.facts(
            generation.target.provider.name,
            generation.target.model,
            generation.format.usage(body),
            self._created_ms + took_ms,
        )
        facts["labels"] = labels.found(body)
        text = answer.text if answer.text is not None else strict_json.dumps(body)
        label = entry_head.label(generation.target.model, generation.policy.namespace)
        stored = Entry(self._created_ms, label, facts, text)
        return await entries.seal(context.host.platform, context.data_key(), redis_key, stored)
