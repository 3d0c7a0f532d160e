"""One request's use of its provider's prompt cache: prepared before the admission, planned from
what the admission reads, and written back once the request is answered."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.formats.base import Usage
from gateway.prompt_cache import anthropic, heads, openai, write_back
from gateway.prompt_cache.split import Blocks, Dialect, LeftAlone
from gateway.providers.base import CHAT, MESSAGES
from gateway.providers.prompt_cache_rules import HOUR, PromptCacheRules
from gateway.providers.registry import Target
from gateway.providers.upstream import Outgoing
from gateway.redis import calls
from gateway.redis.store import Store
from shared import prompt_cache, redis_keys
from shared.pricing import Rates, rates
from shared.prompt_cache.boundaries import Boundaries, boundaries
from shared.prompt_cache.heads import KEPT_SECONDS, MOST_HEADS
from shared.prompt_cache.heads import week as week_of

_DIALECTS: dict[str, Dialect] = {MESSAGES: anthropic.DIALECT, CHAT: openai.DIALECT}
"""By the provider's endpoint."""
_PREFIX_KEY = b"prompt prefixes"


@dataclass(frozen=True, slots=True)
class Answered:
    """Of the usage row: ``saved``, nano-USD by the provider's prompt cache; ``None``: unknown."""

    request_id: str
    api_key: str
    model: str
    saved: int | None


@dataclass(slots=True)
class PromptCaching:
    """``key``: of the project's prefixes. ``tune``: lifetimes of the caller's markers may change.
    ``plan``: once it was made.
    ``too_short``: for the model's minimum; of such a prompt only its tokens per character are
    learned."""

    outgoing: Outgoing
    dialect: Dialect
    blocks: Blocks
    key: bytes
    prompt: prompt_cache.Prompt
    terms: prompt_cache.Terms
    found: Boundaries
    tune: bool
    started_ms: int = 0
    too_short: bool = False
    plan: prompt_cache.Plan | None = None

    def fields(self) -> list[str]:
        """What the admission is to read: 48 fields at most."""
        return prompt_cache.fields(self.prompt, self.found)

    def take(self, values: Sequence[str | None], now_ms: int) -> None:
        """Plan from what the admission has read; without it (Redis is away) nothing is changed."""
        if not values:
            return
        state = prompt_cache.parse(self.found, values)
        self.started_ms = now_ms
        tokens = self.prompt.size * prompt_cache.tokens_per_character(state.ledger)
        self.too_short = tokens < self.terms.minimum
        self.plan = prompt_cache.plan(
            self.prompt, self.found, state, self.terms, now_ms, tune=self.tune
        )

    def marked(self) -> Outgoing:
        """The request as it is sent. A provider that refuses the markers gets it without them."""
        if self.plan is None or self.too_short:
            return self.outgoing
        plain = self.outgoing.plain or self.outgoing.body
        markers = {self.blocks.places[at]: lifetime for at, lifetime in self.plan.markers.items()}
        body = self.dialect.marked(self.outgoing.body, markers, self.prompt.root)
        if body == self.outgoing.body:
            return self.outgoing
        return replace(self.outgoing, body=body, plain=plain)

    async def write_back(self, store: Store, project_id: str, used: Usage) -> None:
        """Store what the answer says about the prompt cache. Raises ``StoreUnavailable``."""
        if self.plan is None or used.prompt is None:
            return
        lifetimes = sorted(self.terms.write)
        written, hourly = used.cache_write or 0, used.cache_write_hour or 0
        counts = {lifetimes[0]: written - hourly}
        if hourly:
            counts[lifetimes[-1]] = hourly
        await calls.prompt_cache(
            store,
            state=redis_keys.prompt_cache(project_id, "state"),
            due=redis_keys.prompt_cache(project_id, "due"),
            recent=redis_keys.prompt_cache(project_id, "recent"),
            roots=redis_keys.prompt_cache(project_id, "roots"),
            **write_back.arguments(
                self.prompt,
                self.plan,
                self.terms,
                started_ms=self.started_ms,
                tokens=used.prompt,
                read=used.cached or 0,
                written=counts,
            ),
        )

    async def count_head(
        self, store: Store, project_id: str, used: Usage, answered: Answered
    ) -> None:
        """Count what the dashboard tells of how prompts begin. Raises ``StoreUnavailable``."""
        if self.plan is None or self.too_short or not used.prompt or answered.saved is None:
            return
        found = heads.head(self.blocks, self.key, f"{answered.api_key}\0{answered.model}")
        per_character = used.prompt / self.prompt.size
        week = week_of(self.started_ms)
        await calls.prompt_heads(
            store,
            heads=redis_keys.prompt_heads(project_id, week),
            volumes=redis_keys.prompt_head_volumes(project_id, week),
            most=MOST_HEADS,
            kept_seconds=KEPT_SECONDS,
            name=found.name,
            now_ms=self.started_ms,
            model=answered.model,
            prefix=self.prompt.prefixes.get(found.last, self.prompt.root),
            request=answered.request_id,
            tokens=round(found.characters * per_character),
            prompt=used.prompt,
            read=used.cached or 0,
            written=used.cache_write or 0,
            written_hour=used.cache_write_hour or 0,
            saved=answered.saved,
            blocks=[
                (kind, round(size * per_character), hashed) for kind, size, hashed in found.blocks
            ],
        )


def prepare(
    outgoing: Outgoing,
    target: Target,
    *,
    account: str,
    key: bytes,
    mode: str,
    at: float,
    prices: Mapping[tuple[str, str], Rates],
) -> PromptCaching | None:
    """``None`` when no marker is to be placed. ``account``: whose cache it is, ``key``: the
    project's data key, ``at``: unix time, ``prices``: the operator's own."""
    rules = target.provider.capabilities.prompt_cache
    dialect = _DIALECTS.get(outgoing.endpoint)
    if rules is None or dialect is None:
        return None
    try:
        blocks = dialect.split(outgoing.body)
    except LeftAlone:
        return None
    found = boundaries(blocks.kinds)
    texts = blocks.serialized(found)
    size = sum(map(len, texts.values()))
    provider, model = target.provider.name, target.model
    known = prices.get((provider, model.lower())) or rates(
        provider, model, prompt_tokens=size // 4, at=at, tier=""
    )
    terms = _terms(rules, model, known)
    # Four characters are a token, more or less: what may reach the minimum is looked at.
    if terms is None or size < terms.minimum * 2:
        return None
    own = hashlib.blake2b(_PREFIX_KEY, key=key, digest_size=32).digest()
    prompt = blocks.prompt(own, f"{account}\0{target.model}".encode(), texts)
    sticky = replace(outgoing, prefix=prompt.root)
    return PromptCaching(sticky, dialect, blocks, own, prompt, terms, found, tune=mode == "tune")


def _terms(rules: PromptCacheRules, model: str, known: Rates | None) -> prompt_cache.Terms | None:
    """``None`` where a price is unknown."""
    minimum = rules.minimum(model)
    if minimum is None or known is None or not known.input or known.cached_input is None:
        return None
    write = {
        lifetime: price / known.input
        for lifetime in rules.lifetimes
        if (price := known.cache_write_hour if lifetime == HOUR else known.cache_write) is not None
    }
    if not write:
        return None
    return prompt_cache.Terms(
        write=write,
        read=known.cached_input / known.input,
        minimum=minimum,
        markers=rules.markers,
        marked=rules.marked,
        exact=rules.exact,
    )
