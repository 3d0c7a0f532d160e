"""Hits of a generation: a stored answer is found, responded with, and recorded.

An exact hit has the request's own key. A coalesced hit is the answer that another request was
fetching. A semantic hit was stored for a prompt that means the same; what only that tier needs is
imported by the first request that takes part in it.
"""

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.admission.refusal import CacheOnly
from gateway.admission.request import NOTHING_HELD, Admission, Held
from gateway.core.http import Response
from gateway.pipeline.fetch import EVENT_STREAM, JSON
from gateway.pipeline.generation_request import GenerationRequest
from gateway.pipeline.request_context import RequestContext
from gateway.pipeline.stored_answer import StoredAnswer, as_asked, open_stored
from shared.usage_events import HIT, HIT_COALESCED, HIT_SEMANTIC, CacheStatus

if TYPE_CHECKING:
    from gateway.semantic.choice import Candidate, Query, SemanticChoice

_STORING_MS = 5
"""Clock tolerance between an answer's last byte and the next request of the same client."""


@dataclass(frozen=True, slots=True)
class SemanticMatch:
    """Why a stored answer of another prompt is served. ``check_share``: see ``learning``."""

    query: "Query"
    choice: "SemanticChoice"
    served: "Candidate"
    check_share: float | None


@dataclass(frozen=True, slots=True)
class Hit:
    """A stored answer that is served. ``admitted_ms``: when the request was admitted; the
    ``age`` header counts up to then."""

    stored: StoredAnswer
    status: CacheStatus
    admitted_ms: int
    match: SemanticMatch | None = None


async def find(
    context: RequestContext, generation: GenerationRequest, admission: Admission
) -> Hit | None:
    """What the admission found, by the exact key or by meaning. The row tells the decision."""
    cache = context.cache()
    if admission.entries and admission.entries[0] is not None:
        value, recent = admission.entries[0], context.host.runtime.recent
        opened = recent.opened(cache.project_id, generation.key, value, cache.data_key)
        if opened is None:
            stored = await open_stored(cache, generation, generation.key, value)
        else:
            stored = as_asked(generation, opened)
        if stored is None:
            return None
        now = cache.platform.monotonic()
        recent.put(cache.project_id, generation.key, stored.entry, now, (value, cache.data_key))
        return Hit(stored, HIT, admission.now_ms)
    if generation.query is not None and admission.candidates:
        return await _find_semantic(context, generation, generation.query, admission)
    return None


async def find_coalesced(
    context: RequestContext, generation: GenerationRequest, value: str, admitted_ms: int
) -> Hit | None:
    """The entry that a request of another process stored meanwhile."""
    stored = await open_stored(context.cache(), generation, generation.key, value)
    if stored is None:
        return None
    # If it was complete when this request came, it was only on its way into Redis.
    was_complete = stored.facts.answered_ms <= admitted_ms + _STORING_MS
    return Hit(stored, HIT if was_complete else HIT_COALESCED, admitted_ms)


async def _find_semantic(
    context: RequestContext, generation: GenerationRequest, query: "Query", admission: Admission
) -> Hit | None:
    from gateway.pipeline import learning
    from gateway.semantic import choice as semantic

    cache, event, project = context.cache(), context.row.event, context.record.project
    choice = await semantic.choose(cache.platform, cache.data_key, query, admission)
    generation.choice = choice
    event.decision = decision = semantic.explain(query, choice)
    served = choice.best
    if served is not None and project.log_prompts:
        decision.matched = served.text
    if served is None or not served.serve:
        return None
    known = learning.Learning(cache, generation, query, decision)
    value = await known.look_up(served.exact_key)
    if value is None:
        return None
    stored = await open_stored(cache, generation, served.exact_key, value)
    if stored is None:
        return None
    event.similarity = round(served.probability, 4)
    event.cache_key = served.exact_key
    # Identifies the pair for verdicts that are given after the Redis record expired (7 days).
    decision.asked = generation.key
    # A request that must not ask the provider is not checked by asking it.
    share = 0.0 if isinstance(admission.upstream, CacheOnly) else project.semantic_check_share
    match = SemanticMatch(query, choice, served, share)
    return Hit(stored, HIT_SEMANTIC, admission.now_ms, match)


def respond(
    context: RequestContext, generation: GenerationRequest, hit: Hit, held: Held
) -> Response:
    """The response. ``held`` is released and the row closed, after it where it is semantic."""
    row, entry, facts = context.row, hit.stored.entry, hit.stored.facts
    row.set_status(hit.status)
    row.event.provider = facts.provider
    row.account_hit(facts.provider, facts.model, facts.usage)
    row.log_response(entry.body)
    age = max(0, (hit.admitted_ms - entry.created_ms) // 1000)
    extra = [("x-watchllm-cache-age", str(age))]
    if hit.match is not None:
        extra.append(("x-watchllm-similarity", str(row.event.similarity)))
    content_type = EVENT_STREAM if generation.stream else JSON
    response = context.response(200, content_type, hit.stored.body, *extra)
    if held != NOTHING_HELD:
        context.post_response(generation, held, hit.admitted_ms).release()
    row.stop_clock()
    if hit.match is None:
        context.host.platform.soon(partial(row.finish, 200))
    else:
        context.host.platform.wait_until(_record_match(context, generation, hit, hit.match))
    return response


async def _record_match(
    context: RequestContext, generation: GenerationRequest, hit: Hit, match: SemanticMatch
) -> None:
    """Keep the hit for feedback, check a sample of hits; then close the row."""
    from gateway.pipeline import learning

    row, served = context.row, match.served
    lessons = learning.Learning(context.cache(), generation, match.query, row.event.decision)
    try:
        await lessons.remember_hit(served, context.caller.request_id, row.event.request_id)
        if not learning.shadow_due(match.choice.checks, match.check_share):
            return
        fresh = await learning.ask_again(context.upstream(), generation)
        if fresh is None:
            return
        target, used = generation.target, generation.format.usage(fresh)
        completion = len(json.dumps(fresh)) // 4
        spent = row.account_shadow(target.provider.name, target.model, used, completion=completion)
        await lessons.from_hit(served, json.loads(hit.stored.entry.body), fresh)
        after = context.post_response(generation, NOTHING_HELD, hit.admitted_ms)
        await after.charge_shadow(spent)
    finally:
        row.finish(200)
