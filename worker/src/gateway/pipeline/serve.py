"""The path of a cacheable generation: look up, or fetch, pass on, capture and store.

Endpoints describe their request by a ``GenerationRequest``; this module knows nothing of any one of
them. What only the semantic tier needs is imported by the first request that takes part in it.
"""

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.admission import single_flight
from gateway.admission.request import NO_SEMANTICS, NOTHING_HELD, Admission, AdmissionRequest, Held
from gateway.admission.stream_slot import LEASE_MS, StreamSlot
from gateway.cache import entry as entries
from gateway.cache import policy as policies
from gateway.cache.entry import AnswerFacts, Entry
from gateway.core import errors, strict_json
from gateway.core.http import FetchFailed, Live, Response, chain
from gateway.core.keep_alive import KeepAlive
from gateway.core.log import log_event
from gateway.formats import labels
from gateway.formats.base import MALFORMED
from gateway.pipeline.capture import Capture, CapturedStream, log_untranslated
from gateway.pipeline.exchange import Exchange
from gateway.pipeline.generation_request import GenerationRequest, asks_usage, outgoing
from gateway.pipeline.post_response import PostResponse, ProviderAnswer
from gateway.providers import upstream
from gateway.providers.redaction import Redaction
from gateway.providers.registry import Target, fallbacks
from gateway.providers.upstream_answer import Upstream
from shared import redis_keys
from shared.usage_events import HIT, HIT_COALESCED, HIT_SEMANTIC, MISS, CacheStatus

if TYPE_CHECKING:
    from gateway.semantic.choice import Query

EVENT_STREAM = "text/event-stream; charset=utf-8"
JSON = "application/json"
_STORING_MS = 5
"""Clock tolerance between an answer's last byte and the next request of the same client."""


@dataclass(frozen=True, slots=True)
class MustFetch:
    """No cached answer: the provider is to be asked. ``held``: what this request holds meanwhile.

    ``created_ms``: what its entry is dated. ``waited``: it was a follower, without a slot so far.
    """

    held: Held
    created_ms: int
    waited: bool = False


async def serve(x: Exchange, call: GenerationRequest) -> Response:
    """Answer ``call`` from the cache or from its provider."""
    _describe(x, call)
    slot = StreamSlot(x.platform, x.store, x.record, x.token if call.stream else "")
    request = _admission_request(x, call, slot)
    admission = await x.admit(request)
    match await _from_cache(x, call, request, admission):
        case MustFetch() as fetch:
            return await _fetch(x, call, fetch, slot)
        case response:
            return response


async def _from_cache(
    x: Exchange, call: GenerationRequest, request: AdmissionRequest, admission: Admission
) -> Response | MustFetch:
    """Raises the error that keeps the request from its provider, where it needs it."""
    now_ms, held = admission.now_ms, request.wants
    if why := call.policy.why_bypass or admission.degraded:
        x.bypass(why)
        held = held.without_lock()
    elif (hit := await _found(x, call, request, admission)) is not None:
        return hit
    policies.check_may_fetch(call.policy)
    admission.check_upstream()
    if held.lock_token and admission.lease_left_ms:
        return await _follow(x, call, request, now_ms)
    return MustFetch(held, now_ms)


def _describe(x: Exchange, call: GenerationRequest) -> None:
    event = x.event
    event.provider = call.target.provider.name
    event.model = call.target.model
    event.stream = call.stream
    event.cache_key = call.key
    x.log_prompt(call.body)
    x.set_status(MISS)


def _admission_request(x: Exchange, call: GenerationRequest, slot: StreamSlot) -> AdmissionRequest:
    project, policy = x.record.project_id, call.policy
    wants = Held(slot=slot.name, tokens=call.estimated_tokens)
    if policy.why_bypass:
        return AdmissionRequest(wants=wants, slot_ms=LEASE_MS)
    competes = policy.write and policy.read and policy.max_age is None
    return AdmissionRequest(
        entries=(redis_keys.entry(project, call.key),) if policy.read else (),
        model=call.target.model,
        namespace=policy.namespace,
        max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
        lock=redis_keys.lock(project, call.key),
        lease_ms=round(x.settings.lease_seconds * 1000),
        wants=replace(wants, lock_token=x.token) if competes else wants,
        no_upstream=policy.only_if_cached,
        slot_ms=LEASE_MS,
        semantic=call.query.search() if call.query else NO_SEMANTICS,
    )


async def _found(
    x: Exchange, call: GenerationRequest, request: AdmissionRequest, admission: Admission
) -> Response | None:
    """The answer that the admission has found, by its exact key or by its meaning."""
    if admission.entries and admission.entries[0] is not None:
        return await _exact_hit(x, call, admission.entries[0], admission.now_ms, HIT)
    if call.query is not None and admission.candidates:
        return await _semantic_hit(x, call, call.query, request.wants, admission)
    return None


async def _exact_hit(
    x: Exchange, call: GenerationRequest, value: str, admitted_ms: int, status: CacheStatus
) -> Response | None:
    opened = await _open(x, call, call.key, value)
    if opened is None:
        return None
    if status == HIT_COALESCED and opened.facts.answered_ms <= admitted_ms + _STORING_MS:
        # The answer was complete when this request came, and only on its way into Redis.
        status = HIT
    response = _respond(x, call, opened, admitted_ms, status)
    x.finish(200)
    return response


async def _follow(
    x: Exchange, call: GenerationRequest, request: AdmissionRequest, admitted_ms: int
) -> Response | MustFetch:
    """The answer that another request is fetching, or that this request must ask the provider."""
    began = x.platform.monotonic()
    found = await single_flight.follow(x.platform, x.store, x.record.project_id, request)
    x.timing.mark("follow", began)
    if found.entry is not None:
        hit = await _exact_hit(x, call, found.entry, admitted_ms, HIT_COALESCED)
        if hit is not None:
            # Only tokens were reserved for this request: the leader holds the lock and a slot.
            PostResponse(x, call, Held(tokens=request.wants.tokens), admitted_ms).release()
            return hit
    held = request.wants if found.leads else request.wants.without_lock()
    return MustFetch(held, found.now_ms, waited=True)


async def _semantic_hit(
    x: Exchange, call: GenerationRequest, query: "Query", held: Held, admission: Admission
) -> Response | None:
    """The answer to a prompt that means the same, when one may be served."""
    from gateway.pipeline import learning
    from gateway.semantic import choice as semantic

    call.choice = choice = await semantic.choose(x.platform, x.data_key(), query, admission)
    x.event.decision = decision = semantic.explain(query, choice)
    served = choice.best
    if served is not None and x.record.project.log_prompts:
        decision.matched = served.text
    if served is None or not served.serve:
        return None
    value = await learning.look_up(x, call, served.exact_key)
    opened = None if value is None else await _open(x, call, served.exact_key, value)
    if opened is None:
        return None
    x.event.similarity = round(served.probability, 4)
    x.event.cache_key = served.exact_key
    # Identifies the pair for verdicts that are given after the Redis record expired (7 days).
    decision.asked = call.key
    response = _respond(x, call, opened, admission.now_ms, HIT_SEMANTIC)
    x.stop_clock()
    share = 0.0 if admission.refusal else x.record.project.semantic_check_share
    release = PostResponse(x, call, held, admission.now_ms).release

    async def record() -> None:
        """Give the lock back, keep the hit for feedback, check a sample of hits; then the row."""
        try:
            release()
            await learning.remember_hit(x, call, query, served)
            if learning.shadow_due(choice.checks, share):
                cached = json.loads(opened.entry.body)
                spent = await learning.shadow_check(x, call, served, cached)
                if spent is not None:
                    await PostResponse(x, call, NOTHING_HELD, admission.now_ms).charge_shadow(spent)
        finally:
            x.finish(200)

    x.platform.wait_until(record())
    return response


@dataclass(frozen=True, slots=True)
class _Opened:
    """A stored answer, and its body as this request wants it."""

    entry: Entry
    facts: AnswerFacts
    body: str | bytes


async def _open(x: Exchange, call: GenerationRequest, exact_key: str, value: str) -> _Opened | None:
    """``None`` when the stored value does not open, or has no form that this request takes."""
    redis_key = redis_keys.entry(x.record.project_id, exact_key)
    try:
        stored = await entries.unseal(x.platform, x.data_key(), redis_key, value)
        facts = entries.read_facts(stored.facts)
        body = _served(call, stored)
    except MALFORMED as error:  # sealed for something else, or of a release with another layout
        log_event("entry_unreadable", "error", project_id=x.record.project_id, reason=str(error))
        return None
    return None if body is None else _Opened(stored, facts, body)


def _respond(
    x: Exchange, call: GenerationRequest, opened: _Opened, admitted_ms: int, status: CacheStatus
) -> Response:
    """The response of a hit; its cost and savings go into the row."""
    facts = opened.facts
    x.set_status(status)
    x.event.provider = facts.provider
    x.account(facts.provider, facts.model, facts.usage)
    x.log_response(opened.entry.body)
    age = max(0, (admitted_ms - opened.entry.created_ms) // 1000)
    extra = [("x-watchllm-cache-age", str(age))]
    if status == HIT_SEMANTIC:
        extra.append(("x-watchllm-similarity", str(x.event.similarity)))
    return x.response(200, EVENT_STREAM if call.stream else JSON, opened.body, *extra)


async def _fetch(
    x: Exchange, call: GenerationRequest, fetch: MustFetch, slot: StreamSlot
) -> Response:
    """The provider's answer; what this request holds is given up after it, whatever it is."""
    after = PostResponse(x, call, fetch.held, fetch.created_ms)
    try:
        if fetch.waited:
            await slot.take()
        x.when_finished(slot.end)
        slot.keep()
        return await _ask(x, call, after, slot)
    except Exception:
        # Release on any error: no follower may wait a whole lease for an answer that will not come.
        after.release()
        raise


async def _ask(
    x: Exchange, call: GenerationRequest, after: PostResponse, slot: StreamSlot
) -> Response:
    targets = [call.target, *fallbacks(call.target)]
    answer = await upstream.ask(x.upstream(), targets, lambda target: outgoing(call, target))
    _account_target(x, answer.target)
    if call.stream and answer.response.status == 200 and await answer.streams_events():
        return _stream(x, call, answer, after, slot)
    text = await answer.text()
    if answer.response.status != 200:
        after.release()
        return x.provider_error(answer, text)
    return _whole(x, call, answer, text, after)


def _served(call: GenerationRequest, stored: Entry) -> str | bytes | None:
    """The stored answer with the labels of ``call``, in its form; ``None``: it has no such form."""
    if not call.stream and stored.facts.get("labels") == []:
        return stored.body
    answer = json.loads(stored.body)
    own = labels.own(answer, call.body)
    if call.stream:
        return _replayed(call, own)
    own = labels.shown(own)
    return stored.body if own is answer else strict_json.dumps(own)


def _replayed(call: GenerationRequest, answer: Any) -> bytes | None:
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
    x: Exchange, call: GenerationRequest, answer: Upstream, text: str, after: PostResponse
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
    answered = ProviderAnswer(target, x.platform.monotonic(), parsed if storable else None, text)
    x.platform.wait_until(_commit(x, call, after, answered))
    return response


def _storable(call: GenerationRequest, answer: Any) -> bool:
    """Whether ``answer`` is complete and good; one that is not of its format's shape is neither."""
    try:
        return call.format.storable(answer, call.body)
    except MALFORMED:
        return False


async def _commit(
    x: Exchange, call: GenerationRequest, after: PostResponse, answered: ProviderAnswer
) -> None:
    """Store first: followers wait for it. Then what the answer teaches, then the row."""
    try:
        await after.commit(answered)
        if answered.body is not None and call.choice is not None:
            from gateway.pipeline import learning

            await learning.learn_from_miss(x, call, call.choice, answered.body)
    finally:
        x.finish(200)


def _stream(
    x: Exchange, call: GenerationRequest, answer: Upstream, after: PostResponse, slot: StreamSlot
) -> Response:
    """Pass the stream through as it arrives; a copy of it is assembled after the response."""
    target = answer.target
    timeouts = x.settings.timeouts
    source, copy = x.platform.split(
        answer.response, first_timeout=timeouts.first_byte, idle_timeout=timeouts.idle
    )

    async def commit(captured: CapturedStream) -> None:
        x.timing.answered()
        if captured.usage.prompt is None and captured.error_code is not None:
            x.account_estimate(target.provider.name, target.model, captured.characters)
        else:
            x.account(target.provider.name, target.model, captured.usage)
        x.log_response(strict_json.dumps(captured.answer) if captured.answer else "")
        x.stop_clock()
        if captured.error_code is not None:
            x.finish(200, captured.error_code)
        answered = ProviderAnswer(target, captured.answered_at, captured.answer)
        await _commit(x, call, after, answered)

    # Translations keep state, so client and copy have one each.
    translate = answer.translation.stream if answer.translation else None
    assembler = call.format.assembler(call.body)
    capture = Capture(x, assembler, copy, translate and translate(), slot, secret=answer.secret)
    x.platform.wait_until(capture.run(commit))
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
