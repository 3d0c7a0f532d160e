"""The path of a cacheable generation: look up, or fetch, pass on, capture and store.

Endpoints describe themselves by a ``Call``; this module knows nothing of any one of them.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

from gateway import errors, strict_json, upstream
from gateway.cache import entry as entries
from gateway.cache import single_flight
from gateway.cache.entry import Entry
from gateway.cache.policy import Policy
from gateway.cache.scripts import STORE
from gateway.cache.store import StoreUnavailable
from gateway.capture import Capture, Outcome
from gateway.exchange import Exchange
from gateway.formats.base import Format
from gateway.http import FetchFailed, Live, Response, chain
from gateway.limits import Lookup
from gateway.providers.registry import Target
from gateway.telemetry.log import log_event
from shared import redis_keys
from shared.usage_events import BYPASS, HIT, HIT_COALESCED, MISS, CacheStatus

EVENT_STREAM = "text/event-stream; charset=utf-8"
JSON = "application/json"
_STORING_MS = 5
"""Clock tolerance between an answer's last byte and the next request of the same client."""


@dataclass(slots=True)
class Call:
    """A generation request. ``key`` is its exact key; ``body`` as the provider will get it."""

    endpoint: str
    target: Target
    body: dict[str, Any]
    stream: bool
    format: Format
    policy: Policy
    key: str


async def serve(x: Exchange, call: Call) -> Response:
    """Answer ``call`` from the cache or from its provider."""
    _describe(x, call)
    lookup = _lookup(x, call)
    admission = await x.admit(lookup)
    if admission.degraded or call.policy.why_bypass:
        x.set_status(BYPASS)
        lookup = replace(lookup, token="")
    elif admission.entries and admission.entries[0] is not None:
        hit = await _hit(x, call, lookup, admission.entries[0], admission.now_ms, status=HIT)
        if hit is not None:
            return hit
    if call.policy.only:
        raise errors.NotCached("This request is not in the cache (x-watchllm-cache: only).")
    if admission.hits_only:
        raise errors.QuotaExceeded(
            "The plan's requests for this month are used up; only cached answers are served.",
            headers=[("x-should-retry", "false")],
        )
    created_ms = admission.now_ms
    if lookup.token and admission.lease_left_ms:
        found = await single_flight.follow(x, lookup)
        if found.entry is not None:
            hit = await _hit(x, call, lookup, found.entry, created_ms, status=HIT_COALESCED)
            if hit is not None:
                return hit
        created_ms = found.now_ms
        if not found.leads:
            lookup = replace(lookup, token="")
    return await _fetch(x, call, Settlement(x, call, lookup, created_ms))


def _describe(x: Exchange, call: Call) -> None:
    event = x.event
    event.provider = call.target.provider.name
    event.model = call.target.model
    event.stream = call.stream
    event.cache_key = call.key
    x.set_status(MISS)


def _lookup(x: Exchange, call: Call) -> Lookup:
    project, policy = x.record.project_id, call.policy
    if policy.why_bypass:
        return Lookup()
    competes = policy.write and policy.read and policy.max_age is None
    return Lookup(
        entries=(redis_keys.entry(project, call.key),) if policy.read else (),
        model=call.target.model,
        namespace=policy.namespace,
        max_age_ms=-1 if policy.max_age is None else policy.max_age * 1000,
        lock=redis_keys.lock(project, call.key),
        token=x.platform.request_id() if competes else "",
        lease_ms=round(x.settings.lease_seconds * 1000),
    )


async def _hit(
    x: Exchange, call: Call, lookup: Lookup, value: str, now_ms: int, *, status: CacheStatus
) -> Response | None:
    """The stored answer as this request wants it; ``None`` when it does not open.

    ``now_ms``: when this request was admitted.
    """
    try:
        key = x.runtime.data_key(x.record)
        stored = await entries.unseal(x.platform, key, lookup.entries[0], value)
    except entries.EntryError as error:
        log_event("entry_unreadable", "error", project_id=x.record.project_id, reason=str(error))
        return None
    facts = stored.facts
    if status == HIT_COALESCED and facts["answered_ms"] <= now_ms + _STORING_MS:
        # The answer was complete when this request came, and only on its way into Redis.
        status = HIT
    x.set_status(status)
    x.event.provider = facts["provider"]
    x.account(facts["provider"], facts["model"], entries.usage(facts))
    age = max(0, (now_ms - stored.created_ms) // 1000)
    body: str | bytes = stored.body
    if call.stream:
        body = call.format.replay(json.loads(stored.body), call.body)
    response = x.response(
        200,
        EVENT_STREAM if call.stream else JSON,
        body,
        ("x-watchllm-cache-age", str(age)),
    )
    x.finish(200)
    return response


class Settlement:
    """What is owed after the provider answered: the entry, the lock, the usage row."""

    def __init__(self, x: Exchange, call: Call, lookup: Lookup, created_ms: int) -> None:
        self._x = x
        self._call = call
        self._lookup = lookup
        self._created_ms = created_ms
        self._began = x.platform.now()

    async def store(
        self, answer: dict[str, Any] | None, text: str | None = None, *, answered_at: float
    ) -> None:
        """Write a complete answer; give the lock up in any case.

        ``text`` is the answer's JSON where it is at hand. ``None`` for an answer that must not be
        stored: waiting followers are then told to ask the provider themselves.
        """
        x, call, lookup = self._x, self._call, self._lookup
        writes = call.policy.write and answer is not None and x.event.cache_status != BYPASS
        if not writes and not lookup.token:
            return
        keys = [redis_keys.lock(x.record.project_id, call.key)]
        arguments: list[Any] = [lookup.token, 0 if writes else single_flight.TOMBSTONE_MS]
        if writes and answer is not None:
            redis_key = redis_keys.entry(x.record.project_id, call.key)
            spent = call.format.usage(answer)
            took_ms = int((answered_at - self._began) * 1000)
            facts = entries.facts(
                call.target.provider.name, call.target.model, spent, self._created_ms + took_ms
            )
            body = text if text is not None else json.dumps(answer, ensure_ascii=False)
            stored = Entry(self._created_ms, facts, body)
            key = x.runtime.data_key(x.record)
            keys.append(redis_key)
            arguments += [
                call.policy.ttl_seconds * 1000,
                await entries.seal(x.platform, key, redis_key, stored),
            ]
        try:
            await x.store.run(STORE, keys, arguments)
        except StoreUnavailable as error:
            log_event("entry_not_stored", "warning", reason=str(error))

    def abandon(self) -> None:
        """Nothing to store: release followers after the response."""
        now = self._x.platform.now()
        self._x.platform.wait_until(self.store(None, answered_at=now))


async def _fetch(x: Exchange, call: Call, settlement: Settlement) -> Response:
    provider = call.target.provider
    stream_usage = provider.capabilities.stream_usage
    translation = provider.translation(call.endpoint)
    body = call.format.upstream_body(call.body, stream_usage=stream_usage)
    endpoint = call.endpoint
    if translation is not None:
        endpoint, body = translation.endpoint, translation.request(body)
    try:
        answer = await upstream.send(x, provider, endpoint, body)
        if call.stream and answer.response.status == 200 and answer.is_event_stream:
            return _stream(x, call, answer, settlement)
        text = await answer.response.text()
    except errors.GatewayError:
        settlement.abandon()
        raise
    except FetchFailed as error:
        settlement.abandon()
        raise upstream.unreachable(provider, error) from error
    if answer.response.status != 200:
        settlement.abandon()
        return upstream.provider_error(x, answer, translation.error(text) if translation else text)
    return _whole(x, call, answer, text, settlement)


def _whole(
    x: Exchange, call: Call, answer: upstream.Upstream, text: str, settlement: Settlement
) -> Response:
    """An answer that came in one piece."""
    translation = call.target.provider.translation(call.endpoint)
    try:
        parsed = strict_json.answer(text)
        if translation is not None:
            parsed = translation.answer(parsed)
            text = json.dumps(parsed, ensure_ascii=False, separators=(",", ":"))
    except (ValueError, KeyError, TypeError):
        parsed = None
    if not isinstance(parsed, dict):
        settlement.abandon()
        raise errors.UpstreamUnreachable("The provider's answer is not a JSON object.")
    x.account(call.target.provider.name, call.target.model, call.format.usage(parsed))
    storable = call.format.storable(parsed, call.body)
    storable = storable and len(text) <= x.settings.max_capture_bytes
    body: str | bytes = text
    content_type = JSON
    if call.stream and call.format.storable(parsed, call.body):
        # Asked for a stream, answered whole: some compatible servers do.
        body, content_type = call.format.replay(parsed, call.body), EVENT_STREAM
    now = x.platform.now()
    x.platform.wait_until(settlement.store(parsed if storable else None, text, answered_at=now))
    response = x.response(200, content_type, body, *answer.headers)
    x.finish(200)
    return response


def _stream(x: Exchange, call: Call, answer: upstream.Upstream, settlement: Settlement) -> Response:
    """Pass the stream through as it arrives; a copy of it is assembled after the response."""
    provider = call.target.provider
    source, copy = x.platform.split(answer.response, idle_timeout=x.settings.timeouts.idle)

    async def settle(outcome: Outcome) -> None:
        x.account(provider.name, call.target.model, outcome.usage)
        x.finish(200, outcome.error_code)
        await settlement.store(outcome.answer, answered_at=outcome.answered_at)

    translation = provider.translation(call.endpoint)
    translate = translation.stream if translation else None
    capture = Capture(x, call.format.assembler(call.body), copy, translate and translate())
    x.platform.wait_until(capture.run(settle))
    hide_usage = call.format.client_filter(
        call.body, stream_usage=provider.capabilities.stream_usage
    )
    transform = chain(translate and translate(), hide_usage)
    return x.response(200, EVENT_STREAM, Live(source, transform), *answer.headers)
