"""The order of steps for a cacheable generation: admit, look up, follow, hit, or have it fetched.

Endpoints describe their request by a ``GenerationRequest``; this module knows nothing of any one of
them. What only the semantic tier needs is imported by the first request that takes part in it.
"""

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.admission import single_flight
from gateway.admission.request import NO_SEMANTICS, NOTHING_HELD, Admission, AdmissionRequest, Held
from gateway.admission.stream_slot import LEASE_MS, StreamSlot
from gateway.cache import entry as entries
from gateway.cache import policy as policies
from gateway.core.http import Response
from gateway.pipeline.fetch import EVENT_STREAM, JSON, MustFetch, fetch_answer
from gateway.pipeline.generation_request import GenerationRequest
from gateway.pipeline.post_response import PostResponse
from gateway.pipeline.request_context import RequestContext
from gateway.pipeline.stored_answer import StoredAnswer, open_stored
from shared import redis_keys
from shared.usage_events import HIT, HIT_COALESCED, HIT_SEMANTIC, MISS, CacheStatus

if TYPE_CHECKING:
    from gateway.semantic.choice import Query

_STORING_MS = 5
"""Clock tolerance between an answer's last byte and the next request of the same client."""


async def serve(context: RequestContext, generation: GenerationRequest) -> Response:
    """Answer ``generation`` from the cache or from its provider."""
    _describe(context, generation)
    slot = StreamSlot(
        context.host.platform,
        context.host.store,
        context.record,
        context.caller.own_id if generation.stream else "",
    )
    request = _admission_request(context, generation, slot)
    admission = await context.admit(request)
    match await _from_cache(context, generation, request, admission):
        case MustFetch() as fetch:
            return await fetch_answer(context, generation, fetch, slot)
        case response:
            return response


async def _from_cache(
    context: RequestContext,
    generation: GenerationRequest,
    request: AdmissionRequest,
    admission: Admission,
) -> Response | MustFetch:
    """Raises the error that keeps the request from its provider, where it needs it."""
    now_ms, held = admission.now_ms, request.wants
    if why := generation.policy.why_bypass or admission.degraded:
        context.row.bypass(why)
        held = held.without_lock()
    elif (hit := await _found(context, generation, request, admission)) is not None:
        return hit
    policies.check_may_fetch(generation.policy)
    admission.check_upstream()
    if held.lock_token and admission.lease_left_ms:
        return await _follow(context, generation, request, now_ms)
    return MustFetch(held, now_ms)


def _describe(context: RequestContext, generation: GenerationRequest) -> None:
    event = context.row.event
    event.provider = generation.target.provider.name
    event.model = generation.target.model
    event.stream = generation.stream
    event.cache_key = generation.key
    context.row.log_prompt(generation.body)
    context.row.set_status(MISS)


def _admission_request(
    context: RequestContext, generation: GenerationRequest, slot: StreamSlot
) -> AdmissionRequest:
    project, policy = context.record.project_id, generation.policy
    wants = Held(slot=slot.name, tokens=generation.estimated_tokens)
    if policy.why_bypass:
        return AdmissionRequest(wants=wants, slot_ms=LEASE_MS)
    competes = policy.write and policy.read and policy.max_age is None
    return AdmissionRequest(
        entries=(redis_keys.entry(project, generation.key),) if policy.read else (),
        model=generation.target.model,
        namespace=policy.namespace,
        max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
        lock=redis_keys.lock(project, generation.key),
        lease_ms=round(context.host.settings.lease_seconds * 1000),
        wants=replace(wants, lock_token=context.caller.own_id) if competes else wants,
        no_upstream=policy.only_if_cached,
        slot_ms=LEASE_MS,
        semantic=generation.query.search() if generation.query else NO_SEMANTICS,
    )


async def _found(
    context: RequestContext,
    generation: GenerationRequest,
    request: AdmissionRequest,
    admission: Admission,
) -> Response | None:
    """The answer that the admission has found, by its exact key or by its meaning."""
    if admission.entries and admission.entries[0] is not None:
        return await _exact_hit(context, generation, admission.entries[0], admission.now_ms, HIT)
    if generation.query is not None and admission.candidates:
        return await _semantic_hit(context, generation, generation.query, request.wants, admission)
    return None


async def _exact_hit(
    context: RequestContext,
    generation: GenerationRequest,
    value: str,
    admitted_ms: int,
    status: CacheStatus,
) -> Response | None:
    opened = await open_stored(context, generation, generation.key, value)
    if opened is None:
        return None
    if status == HIT_COALESCED and opened.entry.facts["answered_ms"] <= admitted_ms + _STORING_MS:
        # The answer was complete when this request came, and only on its way into Redis.
        status = HIT
    response = _respond(context, generation, opened, admitted_ms, status)
    context.row.finish(200)
    return response


async def _follow(
    context: RequestContext,
    generation: GenerationRequest,
    request: AdmissionRequest,
    admitted_ms: int,
) -> Response | MustFetch:
    """The answer that another request is fetching, or that this request must ask the provider."""
    began = context.host.platform.monotonic()
    found = await single_flight.follow(
        context.host.platform, context.host.store, context.record.project_id, request
    )
    context.timing.mark("follow", began)
    if found.entry is not None:
        hit = await _exact_hit(context, generation, found.entry, admitted_ms, HIT_COALESCED)
        if hit is not None:
            # Only tokens were reserved for this request: the leader holds the lock and a slot.
            PostResponse(
                context, generation, Held(tokens=request.wants.tokens), admitted_ms
            ).release()
            return hit
    held = request.wants if found.leads else request.wants.without_lock()
    return MustFetch(held, found.now_ms, waited=True)


async def _semantic_hit(
    context: RequestContext,
    generation: GenerationRequest,
    query: "Query",
    held: Held,
    admission: Admission,
) -> Response | None:
    """The answer to a prompt that means the same, when one may be served."""
    from gateway.pipeline import learning
    from gateway.semantic import choice as semantic

    generation.choice = choice = await semantic.choose(
        context.host.platform, context.data_key(), query, admission
    )
    context.row.event.decision = decision = semantic.explain(query, choice)
    served = choice.best
    if served is not None and context.record.project.log_prompts:
        decision.matched = served.text
    if served is None or not served.serve:
        return None
    value = await learning.look_up(context, generation, served.exact_key)
    opened = (
        None if value is None else await open_stored(context, generation, served.exact_key, value)
    )
    if opened is None:
        return None
    context.row.event.similarity = round(served.probability, 4)
    context.row.event.cache_key = served.exact_key
    # Identifies the pair for verdicts that are given after the Redis record expired (7 days).
    decision.asked = generation.key
    response = _respond(context, generation, opened, admission.now_ms, HIT_SEMANTIC)
    context.row.stop_clock()
    share = 0.0 if admission.refusal else context.record.project.semantic_check_share
    release = PostResponse(context, generation, held, admission.now_ms).release

    async def record() -> None:
        """Give the lock back, keep the hit for feedback, check a sample of hits; then the row."""
        try:
            release()
            await learning.remember_hit(context, generation, query, served)
            if learning.shadow_due(choice.checks, share):
                cached = json.loads(opened.entry.body)
                spent = await learning.shadow_check(context, generation, served, cached)
                if spent is not None:
                    await PostResponse(
                        context, generation, NOTHING_HELD, admission.now_ms
                    ).charge_shadow(spent)
        finally:
            context.row.finish(200)

    context.host.platform.wait_until(record())
    return response


def _respond(
    context: RequestContext,
    generation: GenerationRequest,
    opened: StoredAnswer,
    admitted_ms: int,
    status: CacheStatus,
) -> Response:
    """The response of a hit; its cost and savings go into the row."""
    facts = opened.entry.facts
    context.row.set_status(status)
    context.row.event.provider = facts["provider"]
    context.row.account(facts["provider"], facts["model"], entries.usage(facts))
    context.row.log_response(opened.entry.body)
    age = max(0, (admitted_ms - opened.entry.created_ms) // 1000)
    extra = [("x-watchllm-cache-age", str(age))]
    if status == HIT_SEMANTIC:
        extra.append(("x-watchllm-similarity", str(context.row.event.similarity)))
    return context.response(200, EVENT_STREAM if generation.stream else JSON, opened.body, *extra)
