"""Evidence for the semantic tier: after the response, cached answers are compared with fresh ones.

Two sources: a sampled share of semantic hits is also sent to the provider (a shadow check, whose
cost is recorded in the usage row), and a miss that had a near candidate brings its fresh answer for
free. Outcomes move the namespace's threshold (``shared.decision.evidence``).
"""

import json
import random
from dataclasses import replace

from gateway.cache import entry as entries
from gateway.core import errors, strict_json
from gateway.core.log import log_event
from gateway.formats.base import Json, Usage
from gateway.pipeline.generation_request import GenerationRequest, outgoing
from gateway.pipeline.request_context import RequestContext
from gateway.providers import upstream
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from gateway.semantic import evidence
from gateway.semantic.choice import Candidate, Query, SemanticChoice
from shared import redis_keys
from shared.purge_cutoffs import model_field, namespace_field
from shared.semantic_verdict import REFUSED_SECONDS, SemanticHit

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


async def remember_hit(
    context: RequestContext, generation: GenerationRequest, query: Query, served: Candidate
) -> None:
    """Keep what a semantic hit served, so that feedback on its request id can undo it."""
    hit = SemanticHit(
        row=context.row.event.request_id,
        asked=generation.key,
        entry=served.exact_key,
        namespace=query.namespace,
        bin=served.bin or 0,
    )
    key = redis_keys.semantic_hit(context.record.project_id, context.caller.request_id)
    try:
        await context.host.store.put(key, hit.dump(), ttl_seconds=_FEEDBACK_SECONDS)
    except StoreUnavailable as error:
        log_event("semantic_hit_not_kept", "warning", reason=str(error))


async def learn_from_miss(
    context: RequestContext, generation: GenerationRequest, outcome: SemanticChoice, fresh: Json
) -> None:
    """Hold the nearest candidate that was not served against the answer that was fetched."""
    query, best = generation.query, outcome.best
    if query is None or best is None or best.serve or best.guard is not None:
        return
    cached = await _cached_answer(context, generation, best)
    if cached is not None:
        await _record(
            context, query, best, generation.format.text(cached), generation.format.text(fresh)
        )


async def shadow_check(
    context: RequestContext, generation: GenerationRequest, served: Candidate, cached: Json
) -> Usage | None:
    """Ask the provider what a semantic hit was asked, and compare. Returns what was spent."""
    query = generation.query
    if query is None:
        return None
    body = {**generation.body, "stream": False}
    body.pop("stream_options", None)
    once = replace(outgoing(replace(generation, body=body), generation.target), repeatable=False)
    translation = once.translation
    try:
        answer = await upstream.ask(context.upstream(), [generation.target], lambda _: once)
        text = await answer.text()
        if answer.response.status != 200:
            return None
        fresh = strict_json.answer(text)
        if translation is not None:
            fresh = translation.answer(fresh)
    except (errors.GatewayError, ValueError, KeyError, TypeError) as error:
        log_event("shadow_check_failed", "warning", reason=type(error).__name__)
        return None
    spent = generation.format.usage(fresh)
    context.row.account_shadow(generation.target.provider.name, generation.target.model, spent)
    if generation.format.storable(fresh, generation.body):
        agreed = await _record(
            context, query, served, generation.format.text(cached), generation.format.text(fresh)
        )
        if agreed is False:
            await _keep_apart(context, generation, served)
    return spent


async def _keep_apart(
    context: RequestContext, generation: GenerationRequest, served: Candidate
) -> None:
    """Blocks a pair whose answers differed in a check for a year, as a person's verdict would."""
    pair = redis_keys.semantic_refused(context.record.project_id, generation.key, served.exact_key)
    try:
        await context.host.store.put(pair, "1", ttl_seconds=REFUSED_SECONDS)
    except StoreUnavailable as error:
        log_event("refuted_pair_not_kept", "warning", reason=str(error))


async def _cached_answer(
    context: RequestContext, generation: GenerationRequest, candidate: Candidate
) -> Json | None:
    value = await look_up(context, generation, candidate.exact_key)
    if value is None:
        return None
    redis_key = redis_keys.entry(context.record.project_id, candidate.exact_key)
    try:
        stored = await entries.unseal(context.host.platform, context.data_key(), redis_key, value)
        answer: Json = json.loads(stored.body)
    except ValueError:
        return None
    return answer


async def look_up(
    context: RequestContext, generation: GenerationRequest, exact_key: str
) -> str | None:
    """One live entry by its exact key, unless a person or a check refuted it for ``generation``.

    If nothing is returned, ``decision.reason`` says why.
    """
    project = context.record.project_id
    max_age = generation.policy.max_age
    try:
        value, refused = await calls.look_up_pair(
            context.host.store,
            cutoffs=redis_keys.cutoffs(project),
            entry=redis_keys.entry(project, exact_key),
            refused_pair=redis_keys.semantic_refused(project, generation.key, exact_key),
            model_field=model_field(generation.target.model),
            namespace_field=namespace_field(generation.policy.namespace),
            max_age_ms=-1 if max_age is None else max_age * 1000,
        )
    except StoreUnavailable:
        return None
    if isinstance(value, str):
        return value
    if context.row.event.decision is not None:
        reason = "judged wrong before" if refused else "answer gone"
        context.row.event.decision.served, context.row.event.decision.reason = False, reason
    return None


async def _record(
    context: RequestContext,
    query: Query,
    candidate: Candidate,
    cached: str | None,
    fresh: str | None,
) -> bool | None:
    agreed = await evidence.count_pair(context.host.store, query, candidate, cached, fresh)
    if agreed is not None and context.row.event.decision is not None:
        context.row.event.decision.agreed = agreed
    return agreed
