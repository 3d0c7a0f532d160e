"""Evidence for the semantic tier: after the response, cached answers are compared with fresh ones.

Two sources: a sampled share of semantic hits is also sent to the provider (a shadow check, whose
cost is recorded in the usage row), and a miss that had a near candidate brings its fresh answer for
free. Outcomes move the namespace's threshold (``shared.decision.evidence``).
"""

import json
import random
from dataclasses import dataclass, replace

from gateway.cache.project_cache import ProjectCache
from gateway.core import errors, strict_json
from gateway.core.log import log_event
from gateway.formats.base import Json
from gateway.pipeline.generation_request import GenerationRequest, outgoing
from gateway.providers import upstream
from gateway.providers.context import UpstreamContext
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from gateway.semantic import evidence
from gateway.semantic.choice import Candidate, Query, SemanticChoice
from shared import redis_keys
from shared.purge_cutoffs import model_field, namespace_field
from shared.semantic_verdict import REFUSED_SECONDS, SemanticHit
from shared.usage_events import CacheDecision

SHADOW_SHARE = 0.05
"""Share of semantic hits that are checked; of a new namespace, more."""
SHADOW_SHARE_AT_FIRST = 0.25
_ENOUGH_CHECKS = 300
_FEEDBACK_SECONDS = 7 * 86_400


def shadow_due(checks: int, share: float | None) -> bool:
    """Whether this semantic hit is one of the sampled ones; ``share``: the project's own choice."""
    if share is None:
        share = SHADOW_SHARE if checks >= _ENOUGH_CHECKS else SHADOW_SHARE_AT_FIRST
    return random.random() < share  # noqa: S311 (sampling)


async def ask_again(context: UpstreamContext, generation: GenerationRequest) -> Json | None:
    """The provider's own answer to what was answered by a semantic hit; ``None`` without one."""
    body = {**generation.body, "stream": False}
    body.pop("stream_options", None)
    once = replace(outgoing(replace(generation, body=body), generation.target), repeatable=False)
    translation = once.translation
    try:
        answer = await upstream.ask(context, [generation.target], lambda _: once)
        text = await answer.text()
        if answer.response.status != 200:
            return None
        fresh: Json = strict_json.answer(text)
        return fresh if translation is None else translation.answer(fresh)
    except (errors.GatewayError, ValueError, KeyError, TypeError) as error:
        log_event("shadow_check_failed", "warning", reason=type(error).__name__)
        return None


@dataclass(frozen=True, slots=True)
class Learning:
    """What one request teaches about ``query``. ``decision``: its row's, which tells outcomes."""

    cache: ProjectCache
    generation: GenerationRequest
    query: Query
    decision: CacheDecision | None

    async def remember_hit(self, served: Candidate, request_id: str, row_id: str) -> None:
        """Keep what a semantic hit served, so that feedback on its request id can undo it."""
        hit = SemanticHit(
            row=row_id,
            asked=self.generation.key,
            entry=served.exact_key,
            namespace=self.query.namespace,
            bin=served.bin or 0,
        )
        key = redis_keys.semantic_hit(self.cache.project_id, request_id)
        try:
            await self.cache.store.put(key, hit.dump(), ttl_seconds=_FEEDBACK_SECONDS)
        except StoreUnavailable as error:
            log_event("semantic_hit_not_kept", "warning", reason=str(error))

    async def from_miss(self, choice: SemanticChoice, fresh: Json) -> None:
        """Hold the nearest candidate that was not served against the answer that was fetched."""
        best = choice.best
        if best is None or best.serve or best.guard is not None:
            return
        cached = await self._cached_answer(best)
        if cached is not None:
            await self._compare(best, cached, fresh)

    async def from_hit(self, served: Candidate, cached: Json, fresh: Json) -> None:
        """Hold the answer that was served against the provider's own; refuse the pair of prompts if
        they differ.

        The entry itself stays: it is right for the prompt that it was stored for.
        """
        if not self.generation.format.storable(fresh, self.generation.body):
            return
        if await self._compare(served, cached, fresh) is False:
            await self._refuse_pair(served)

    async def look_up(self, exact_key: str) -> str | None:
        """One live entry by its exact key, unless a person or a check refuted it for this prompt.

        If Redis answers that there is none, ``decision.reason`` says why.
        """
        project, policy = self.cache.project_id, self.generation.policy
        try:
            value, refused = await calls.look_up_pair(
                self.cache.store,
                cutoffs=redis_keys.cutoffs(project),
                entry=redis_keys.entry(project, exact_key),
                refused_pair=redis_keys.semantic_refused(project, self.generation.key, exact_key),
                model_field=model_field(self.generation.target.model),
                namespace_field=namespace_field(policy.namespace),
                max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
            )
        except StoreUnavailable:
            return None
        if isinstance(value, str):
            return value
        if self.decision is not None:
            self.decision.served = False
            self.decision.reason = "judged wrong before" if refused else "answer gone"
        return None

    async def _refuse_pair(self, served: Candidate) -> None:
        """Blocks the pair for a year, as a person's verdict would."""
        project = self.cache.project_id
        pair = redis_keys.semantic_refused(project, self.generation.key, served.exact_key)
        try:
            await self.cache.store.put(pair, "1", ttl_seconds=REFUSED_SECONDS)
        except StoreUnavailable as error:
            log_event("refuted_pair_not_kept", "warning", reason=str(error))

    async def _cached_answer(self, candidate: Candidate) -> Json | None:
        value = await self.look_up(candidate.exact_key)
        stored = None if value is None else await self.cache.unseal(candidate.exact_key, value)
        if stored is None:
            return None
        try:
            answer: Json = json.loads(stored.body)
        except ValueError:
            return None
        return answer

    async def _compare(self, candidate: Candidate, cached: Json, fresh: Json) -> bool | None:
        """Whether both answers agree, counted as evidence; ``None`` when that cannot be told."""
        text = self.generation.format.text
        agreed = await evidence.count_pair(
            self.cache.store, self.query, candidate, text(cached), text(fresh)
        )
        if agreed is not None and self.decision is not None:
            self.decision.agreed = agreed
        return agreed
