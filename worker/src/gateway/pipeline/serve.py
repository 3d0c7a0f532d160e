"""The order of steps for a cacheable generation: admit, hit, follow, or fetch.

Endpoints describe their request by a ``GenerationRequest``; this module knows nothing of any one of
them.
"""

from gateway.admission.accounts import NOTHING_SPENT
from gateway.admission.limits import RECORD_BEHIND
from gateway.admission.request import NO_SEMANTICS, NOTHING_HELD, AdmissionRequest, Held
from gateway.admission.stream_slot import LEASE_MS, StreamSlot
from gateway.core import errors
from gateway.core.http import Response
from gateway.pipeline import hits
from gateway.pipeline.coalesce import CoalescedHit, MustFetch, coalesce
from gateway.pipeline.fetch import fetch_answer
from gateway.pipeline.generation_request import GenerationRequest, outgoing
from gateway.pipeline.request_context import RequestContext
from gateway.providers.credentials import source
from shared import redis_keys
from shared.usage_events import MISS


async def serve(context: RequestContext, generation: GenerationRequest) -> Response:
    """Answer ``generation`` from the cache or from its provider."""
    _describe(context, generation)
    slot = StreamSlot(
        context.host.platform,
        context.host.store,
        context.record,
        context.host.runtime.limits,
        context.caller.own_id if generation.stream else "",
    )
    _prepare_prompt_caching(context, generation)
    request = _admission_request(context, generation, slot)
    admission = await context.admit(request)
    now_ms, held = admission.now_ms, admission.held(request.wants)
    why = generation.policy.why_bypass or admission.degraded
    if why:
        context.row.bypass(why)
        held = held.without_lock()
    elif (hit := await hits.find(context, generation, admission)) is not None:
        # An exact hit reserved nothing. A semantic one was admitted as a miss: what that reserved
        # (lock, slot, tokens) must be given back.
        return hits.respond(context, generation, hit, held if hit.match else NOTHING_HELD)
    admission.check_upstream()
    fetch = MustFetch(held, now_ms)
    # A request by settings that may be outdated shares no answer with other requests.
    if generation.policy.coalesces and admission.degraded != RECORD_BEHIND:
        found = await coalesce(context, generation, request, admission)
        if isinstance(found, CoalescedHit):
            return _respond_coalesced(context, generation, found)
        fetch = found
    if generation.prompt_caching is not None:
        generation.prompt_caching.take(admission.prompt_values, fetch.created_ms)
    after = context.post_response(generation, fetch.held, fetch.created_ms, may_write=not why)
    after.lead = fetch.lead
    return await fetch_answer(context, generation, after, slot, takes_slot=fetch.waited)


def _respond_coalesced(
    context: RequestContext, generation: GenerationRequest, found: CoalescedHit
) -> Response:
    if found.unstored is None:
        return hits.respond(context, generation, found.hit, found.held)
    response = hits.respond(context, generation, found.hit, NOTHING_HELD)
    after = context.post_response(generation, found.held, found.unstored.created_ms)
    context.host.platform.wait_until(after.commit_entry(found.unstored, NOTHING_SPENT))
    return response


def _prepare_prompt_caching(context: RequestContext, generation: GenerationRequest) -> None:
    """Compute the prompt's prefixes: the admission reads their state from Redis."""
    policy, target = generation.policy, generation.target
    if policy.prompt_cache == "off" or policy.only_if_cached:
        return
    from gateway.prompt_cache.request import prepare

    try:
        sent = outgoing(generation, target)
    except errors.InvalidRequest:
        return  # refused when the provider would be asked; until then a hit may still be served
    generation.prompt_caching = prepare(
        sent,
        target,
        account=source(context.record, target.provider),
        key=context.host.runtime.data_key(context.record),
        mode=policy.prompt_cache,
        at=context.timing.started,
        prices=context.record.prices,
    )


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
    lock_token = context.caller.own_id if policy.coalesces else ""
    wants = Held(lock_token, slot.name, generation.estimated_tokens)
    caching = generation.prompt_caching
    state = redis_keys.prompt_cache(project, "state") if caching else ""
    fields = caching.fields() if caching else ()
    if policy.why_bypass:
        return AdmissionRequest(
            wants=wants,
            only_if_cached=policy.only_if_cached,
            is_charged=True,
            slot_ms=LEASE_MS,
            prompt_state=state,
            prompt_fields=fields,
        )
    return AdmissionRequest(
        entries=(redis_keys.entry(project, generation.key),) if policy.read else (),
        model=generation.target.model,
        namespace=policy.namespace,
        max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
        lock=redis_keys.lock(project, generation.key),
        lease_ms=round(context.host.settings.lease_seconds * 1000),
        wants=wants,
        only_if_cached=policy.only_if_cached,
        is_charged=True,
        slot_ms=LEASE_MS,
        semantic=generation.query.search() if generation.query else NO_SEMANTICS,
        prompt_state=state,
        prompt_fields=fields,
    )
