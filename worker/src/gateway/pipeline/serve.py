"""The path of a cacheable generation: look up, or fetch, pass on, capture and store.

Endpoints describe themselves by a ``Call``; this module knows nothing of any one of them. What
only the semantic tier needs is imported by the first request that takes part in it.
"""

import json
from dataclasses import replace
from typing import Any

from gateway.admission import single_flight
from gateway.admission.limits import NO_SEMANTICS, Admission, Lookup
from gateway.admission.stream_slot import LEASE_MS, StreamSlot
from gateway.cache import entry as entries
from gateway.cache.entry import Entry
from gateway.cache.policy import STORE_AWAY
from gateway.core import errors, strict_json
from gateway.core.http import FetchFailed, Live, Response, chain
from gateway.core.keep_alive import KeepAlive
from gateway.core.log import log_event
from gateway.formats import labels
from gateway.formats.base import MALFORMED
from gateway.pipeline.call import Call, asks_usage, outgoing
from gateway.pipeline.capture import Capture, Outcome, log_untranslated
from gateway.pipeline.exchange import Exchange
from gateway.pipeline.settlement import Answered, Settlement
from gateway.providers import upstream
from gateway.providers.redaction import Redaction
from gateway.providers.registry import Target, fallbacks
from gateway.providers.upstream_answer import Upstream
from shared import redis_keys
from shared.usage_events import HIT, HIT_COALESCED, HIT_SEMANTIC, MISS, CacheStatus

EVENT_STREAM = "text/event-stream; charset=utf-8"
JSON = "application/json"
_STORING_MS = 5
"""Clock tolerance between an answer's last byte and the next request of the same client."""


async def serve(x: Exchange, call: Call) -> Response:
    """Answer ``call`` from the cache or from its provider."""
    _describe(x, call)
    slot = StreamSlot(x.platform, x.store, x.record, x.token if call.stream else "")
    lookup = _lookup(x, call, slot)
    admission = await x.admit(lookup)
    call.refused = admission.refusal is not None
    if admission.degraded or call.policy.why_bypass:
        x.bypass(call.policy.why_bypass or STORE_AWAY)
        lookup = replace(lookup, token="")
    elif (hit := await _found(x, call, lookup, admission)) is not None:
        return hit
    _check_may_fetch(call, admission)
    settlement = Settlement(x, call, lookup, admission.now_ms)
    followed = bool(lookup.token and admission.lease_left_ms)
    if followed:
        answered = await _follow(x, call, lookup, admission.now_ms)
        if isinstance(answered, Response):
            return answered
        settlement = answered
    try:
        if followed:
            await slot.take()
        x.when_finished(slot.end)
        slot.keep()
        return await _fetch(x, call, settlement, slot)
    except Exception:
        # Whatever went wrong: nobody may wait a whole lease for an answer that will not come.
        settlement.abandon()
        raise


def _describe(x: Exchange, call: Call) -> None:
    event = x.event
    event.provider = call.target.provider.name
    event.model = call.target.model
    event.stream = call.stream
    event.cache_key = call.key
    x.log_prompt(call.body)
    x.set_status(MISS)


def _lookup(x: Exchange, call: Call, slot: StreamSlot) -> Lookup:
    project, policy = x.record.project_id, call.policy
    if policy.why_bypass:
        return Lookup(estimated_tokens=call.estimated_tokens, slot=slot.name, slot_ms=LEASE_MS)
    competes = policy.write and policy.read and policy.max_age is None
    return Lookup(
        entries=(redis_keys.entry(project, call.key),) if policy.read else (),
        model=call.target.model,
        namespace=policy.namespace,
        max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
        lock=redis_keys.lock(project, call.key),
        token=x.token if competes else "",
        lease_ms=round(x.settings.lease_seconds * 1000),
        estimated_tokens=call.estimated_tokens,
        only=policy.only,
        slot=slot.name,
        slot_ms=LEASE_MS,
        semantic=call.query.search() if call.query else NO_SEMANTICS,
    )


async def _found(x: Exchange, call: Call, lookup: Lookup, admission: Admission) -> Response | None:
    """The answer that the admission has found, by its exact key or by its meaning."""
    if admission.entries and admission.entries[0] is not None:
        return await _hit(x, call, lookup, admission.entries[0], admission.now_ms, status=HIT)
    if call.query is not None and admission.candidates:
        return await _semantic(x, call, lookup, admission)
    return None


def _check_may_fetch(call: Call, admission: Admission) -> None:
    """Raises when nothing but a hit would do."""
    if call.policy.only:
        raise errors.NotCached(
            "This request is not in the cache (x-watchllm-cache: only).",
            headers=[("x-should-retry", "false")],
        )
    if admission.refusal is not None:
        raise admission.refusal


async def _follow(
    x: Exchange, call: Call, lookup: Lookup, admitted_ms: int
) -> Response | Settlement:
    """The answer that another request is fetching, or what is owed when this one must fetch it."""
    began = x.platform.monotonic()
    found = await single_flight.follow(x.platform, x.store, x.record.project_id, lookup)
    x.timing.mark("follow", began)
    if found.entry is not None:
        hit = await _hit(x, call, lookup, found.entry, admitted_ms, status=HIT_COALESCED)
        if hit is not None:
            # The tokens reserved for the provider are not needed after all.
            Settlement(x, call, replace(lookup, token="", slot=""), admitted_ms).abandon()
            return hit
    if not found.leads:
        lookup = replace(lookup, token="")
    return Settlement(x, call, lookup, found.now_ms)


async def _semantic(
    x: Exchange, call: Call, lookup: Lookup, admission: Admission
) -> Response | None:
    """The answer to a prompt that means the same, when one may be served."""
    from gateway.pipeline import learning
    from gateway.semantic import choice as semantic

    query = call.query
    assert query is not None  # noqa: S101 (candidates are only asked for with one)
    call.outcome = choice = await semantic.choose(x.platform, x.data_key(), query, admission)
    x.event.decision = semantic.explain(query, choice)
    served = choice.best
    if served is not None and x.record.project.log_prompts:
        x.event.decision["matched"] = served.text
    if served is None or not served.serve:
        return None
    value = await learning.look_up(x, call, served.exact_key)
    if value is None:
        return None
    entry = redis_keys.entry(x.record.project_id, served.exact_key)
    x.event.similarity = round(served.probability, 4)
    x.event.cache_key = served.exact_key
    if x.event.decision is not None:
        # A verdict that comes after Redis forgot this hit keeps the two apart by it.
        x.event.decision["asked"] = call.key
    found = replace(lookup, entries=(entry,))
    return await _hit(x, call, found, value, admission.now_ms, status=HIT_SEMANTIC)


async def _hit(
    x: Exchange, call: Call, lookup: Lookup, value: str, now_ms: int, *, status: CacheStatus
) -> Response | None:
    """The stored answer as this request wants it; ``None`` when it does not open or has no such
    form.

    ``now_ms``: when this request was admitted.
    """
    try:
        key = x.data_key()
        stored = await entries.unseal(x.platform, key, lookup.entries[0], value)
    except entries.EntryError as error:
        log_event("entry_unreadable", "error", project_id=x.record.project_id, reason=str(error))
        return None
    body = _served(call, stored)
    if body is None:
        return None
    facts = stored.facts
    if status == HIT_COALESCED and facts["answered_ms"] <= now_ms + _STORING_MS:
        # The answer was complete when this request came, and only on its way into Redis.
        status = HIT
    x.set_status(status)
    x.event.provider = facts["provider"]
    x.account(facts["provider"], facts["model"], entries.usage(facts))
    x.log_response(stored.body)
    age = max(0, (now_ms - stored.created_ms) // 1000)
    extra = [("x-watchllm-cache-age", str(age))]
    if status == HIT_SEMANTIC:
        extra.append(("x-watchllm-similarity", str(x.event.similarity)))
    response = x.response(200, EVENT_STREAM if call.stream else JSON, body, *extra)
    if status == HIT_SEMANTIC:
        x.stop_clock()
        x.platform.wait_until(_after_semantic_hit(x, call, lookup, stored.body))
    else:
        x.finish(200)
    return response


async def _after_semantic_hit(x: Exchange, call: Call, lookup: Lookup, body: str) -> None:
    """Give the lock back, keep the hit for feedback, check a sample of hits; then the row."""
    from gateway.pipeline import learning

    outcome, query = call.outcome, call.query
    try:
        Settlement(x, call, lookup, 0).abandon()
        if outcome is not None and outcome.best is not None and query is not None:
            await learning.remember_hit(x, call, query, outcome.best)
            share = 0.0 if call.refused else x.record.project.semantic_check_share
            if learning.shadow_due(outcome.checks, share):
                await learning.shadow_check(x, call, outcome.best, json.loads(body))
    finally:
        x.finish(200)


async def _fetch(x: Exchange, call: Call, settlement: Settlement, slot: StreamSlot) -> Response:
    targets = [call.target, *fallbacks(call.target)]
    answer = await upstream.ask(x.upstream(), targets, lambda target: outgoing(call, target))
    _account_target(x, answer.target)
    if call.stream and answer.response.status == 200 and await answer.streams_events():
        return _stream(x, call, answer, settlement, slot)
    text = await answer.text()
    if answer.response.status != 200:
        settlement.abandon()
        return x.provider_error(answer, text)
    return _whole(x, call, answer, text, settlement)


def _served(call: Call, stored: Entry) -> str | bytes | None:
    """The stored answer with the labels of ``call``, in its form; ``None``: it has no such form."""
    if not call.stream and stored.facts.get("labels") == []:
        return stored.body
    answer = json.loads(stored.body)
    own = labels.own(answer, call.body)
    if call.stream:
        return _replayed(call, own)
    own = labels.shown(own)
    return stored.body if own is answer else strict_json.dumps(own)


def _replayed(call: Call, answer: Any) -> bytes | None:
    """``answer`` as a stream; ``None`` when a provider gave it a shape that no stream has."""
    try:
        with_end = call.target.provider.capabilities.usage_with_end
        return call.format.replay(answer, call.body, usage_with_end=with_end)
    except MALFORMED as error:
        log_event("answer_not_replayable", "warning", reason=f"{type(error).__name__}: {error}")
        return None


def _account_target(x: Exchange, target: Target) -> None:
    x.event.provider, x.event.model = target.provider.name, target.model


def _whole(
    x: Exchange, call: Call, answer: Upstream, text: str, settlement: Settlement
) -> Response:
    """An answer that came in one piece."""
    lost: set[str] = set()
    try:
        parsed = strict_json.answer(text)
        if answer.translation is not None:
            lost = answer.translation.lost(parsed)
            parsed = answer.translation.answer(parsed)
            text = strict_json.dumps(parsed)
    except MALFORMED:
        parsed = None
    if not isinstance(parsed, dict):
        raise errors.UpstreamUnreachable("The provider's answer is not a JSON object.")
    target = answer.target
    x.account(target.provider.name, target.model, call.format.usage(parsed))
    x.log_response(text)
    complete = _storable(call, parsed)
    if lost:
        log_untranslated(x, lost)
    storable = complete and not lost and len(text) <= x.most_stored_bytes()
    body: str | bytes = text
    content_type = JSON
    if call.stream and complete and (replayed := _replayed(call, parsed)) is not None:
        # Asked for a stream, answered whole: some compatible servers do.
        body, content_type = replayed, EVENT_STREAM
    response = x.response(200, content_type, body, *answer.headers)
    x.stop_clock()
    answered = Answered(target, x.platform.monotonic(), parsed if storable else None, text)
    x.platform.wait_until(_after_answer(x, call, settlement, answered))
    return response


def _storable(call: Call, answer: Any) -> bool:
    """Whether ``answer`` is complete and good; one that is not of its format's shape is neither."""
    try:
        return call.format.storable(answer, call.body)
    except MALFORMED:
        return False


async def _after_answer(
    x: Exchange, call: Call, settlement: Settlement, answered: Answered
) -> None:
    """Store first: followers wait for it. Then what the answer teaches, then the row."""
    try:
        await settlement.settle(answered)
        if answered.answer is not None and call.outcome is not None:
            from gateway.pipeline import learning

            await learning.learn_from_miss(x, call, call.outcome, answered.answer)
    finally:
        x.finish(200)


def _stream(
    x: Exchange, call: Call, answer: Upstream, settlement: Settlement, slot: StreamSlot
) -> Response:
    """Pass the stream through as it arrives; a copy of it is assembled after the response."""
    target = answer.target
    timeouts = x.settings.timeouts
    source, copy = x.platform.split(
        answer.response, first_timeout=timeouts.first_byte, idle_timeout=timeouts.idle
    )

    async def settle(outcome: Outcome) -> None:
        x.account(target.provider.name, target.model, outcome.usage)
        x.log_response(strict_json.dumps(outcome.answer) if outcome.answer else "")
        x.stop_clock()
        if outcome.error_code is not None:
            x.finish(200, outcome.error_code)
        answered = Answered(target, outcome.answered_at, outcome.answer)
        await _after_answer(x, call, settlement, answered)

    # Translations keep state, so client and copy have one each.
    translate = answer.translation.stream if answer.translation else None
    assembler = call.format.assembler(call.body)
    capture = Capture(x, assembler, copy, translate and translate(), slot, secret=answer.secret)
    x.platform.wait_until(capture.run(settle))
    watch = call.format.client_filter(call.body, stream_usage=asks_usage(call, target))
    transform = chain(translate and translate(), watch)
    if transform is not None or x.platform.reads_streams:
        transform = chain(Redaction(answer.secret), transform)
    dialect = errors.dialect(x.endpoint)

    def broken(failure: FetchFailed) -> bytes:
        number = watch.next_number if watch else 0
        return errors.stream_event(failure, dialect, number)

    body = Live(source, broken, transform, KeepAlive(dialect))
    return x.response(200, EVENT_STREAM, body, *answer.headers)
