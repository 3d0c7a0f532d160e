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
from gateway.pipeline.exchange import Exchange
from gateway.pipeline.generation_request import GenerationRequest, outgoing
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
    x: Exchange, call: GenerationRequest, query: Query, served: Candidate
) -> None:
    """Keep what a semantic hit served, so that feedback on its request id can undo it."""
    hit = SemanticHit(
        row=x.event.request_id,
        asked=call.key,
        entry=served.exact_key,
        namespace=query.namespace,
        bin=served.bin or 0,
    )
    key = redis_keys.semantic_hit(x.record.project_id, x.request_id)
    try:
        await x.store.put(key, hit.dump(), ttl_seconds=_FEEDBACK_SECONDS)
    except StoreUnavailable as error:
        log_event("semantic_hit_not_kept", "warning", reason=str(error))


async def learn_from_miss(
    x: Exchange, call: GenerationRequest, outcome: SemanticChoice, fresh: Json
) -> None:
    """Hold the nearest candidate that was not served against the answer that was fetched."""
    query, best = call.query, outcome.best
    if query is None or best is None or best.serve or best.guard is not None:
        return
    cached = await _cached_answer(x, call, best)
    if cached is not None:
        await _record(x, query, best, call.format.text(cached), call.format.text(fresh))


async def shadow_check(
    x: Exchange, call: GenerationRequest, served: Candidate, cached: Json
) -> Usage | None:
    """Ask the provider what a semantic hit was asked, and compare. Returns what was spent."""
    query = call.query
    if query is None:
        return None
    body = {**call.body, "stream": False}
    body.pop("stream_options", None)
    once = replace(outgoing(replace(call, body=body), call.target), repeatable=False)
    translation = once.translation
    try:
        answer = await upstream.ask(x.upstream(), [call.target], lambda _: once)
        text = await answer.text()
        if answer.response.status != 200:
            return None
        fresh = strict_json.answer(text)
        if translation is not None:
            fresh = translation.answer(fresh)
    except (errors.GatewayError, ValueError, KeyError, TypeError) as error:
        log_event("shadow_check_failed", "warning", reason=type(error).__name__)
        return None
    spent = call.format.usage(fresh)
    x.account_shadow(call.target.provider.name, call.target.model, spent)
    if call.format.storable(fresh, call.body):
        agreed = await _record(x, query, served, call.format.text(cached), call.format.text(fresh))
        if agreed is False:
            await _keep_apart(x, call, served)
    return spent


async def _keep_apart(x: Exchange, call: GenerationRequest, served: Candidate) -> None:
    """Blocks a pair whose answers differed in a check for a year, as a person's verdict would."""
    pair = redis_keys.semantic_refused(x.record.project_id, call.key, served.exact_key)
    try:
        await x.store.put(pair, "1", ttl_seconds=REFUSED_SECONDS)
    except StoreUnavailable as error:
        log_event("refuted_pair_not_kept", "warning", reason=str(error))


async def _cached_answer(x: Exchange, call: GenerationRequest, candidate: Candidate) -> Json | None:
    value = await look_up(x, call, candidate.exact_key)
    if value is None:
        return None
    redis_key = redis_keys.entry(x.record.project_id, candidate.exact_key)
    try:
        stored = await entries.unseal(x.platform, x.data_key(), redis_key, value)
        answer: Json = json.loads(stored.body)
    except ValueError:
        return None
    return answer


async def look_up(x: Exchange, call: GenerationRequest, exact_key: str) -> str | None:
    """One live entry by its exact key, unless a person or a check refuted it for ``call``.

    If nothing is returned, ``decision.reason`` says why.
    """
    project = x.record.project_id
    max_age = call.policy.max_age
    try:
        value, refused = await calls.look_up_pair(
            x.store,
            cutoffs=redis_keys.cutoffs(project),
            entry=redis_keys.entry(project, exact_key),
            refused_pair=redis_keys.semantic_refused(project, call.key, exact_key),
            model_field=model_field(call.target.model),
            namespace_field=namespace_field(call.policy.namespace),
            max_age_ms=-1 if max_age is None else max_age * 1000,
        )
    except StoreUnavailable:
        return None
    if isinstance(value, str):
        return value
    if x.event.decision is not None:
        reason = "judged wrong before" if refused else "answer gone"
        x.event.decision.served, x.event.decision.reason = False, reason
    return None


async def _record(
    x: Exchange, query: Query, candidate: Candidate, cached: str | None, fresh: str | None
) -> bool | None:
    agreed = await evidence.count_pair(x.store, query, candidate, cached, fresh)
    if agreed is not None and x.event.decision is not None:
        x.event.decision.agreed = agreed
    return agreed
