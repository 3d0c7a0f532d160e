"""``POST /v1/embeddings``: cached per input, so a batch asks its provider only for inputs that are
not cached."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from gateway.admission.accounts import NOTHING_SPENT, Spent
from gateway.admission.limits import RECORD_BEHIND
from gateway.admission.request import Admission
from gateway.cache import policy as policies
from gateway.cache.policy import Policy
from gateway.core import errors, strict_json
from gateway.core.http import Response
from gateway.endpoints import fields
from gateway.formats import vectors
from gateway.formats.base import MALFORMED, Usage
from gateway.pipeline import vectors as vector_cache
from gateway.pipeline.request_context import RequestContext
from gateway.pipeline.vectors import Bounds, VectorCache
from gateway.providers import upstream, upstream_answer
from gateway.providers.base import EMBEDDINGS
from gateway.providers.credentials import source
from gateway.providers.registry import Target, resolve
from shared import hashing
from shared.request_fields import JOINED_INPUTS
from shared.usage_events import HIT, HIT_COALESCED, MISS


@dataclass(frozen=True, slots=True)
class _Wanted:
    """``body`` as it came, ``sent`` as ``target`` gets it; ``keys``: the exact key of each
    input. ``joined``: each vector depends on the whole batch, so it is asked for as a whole."""

    body: dict[str, Any]
    sent: dict[str, Any]
    target: Target
    inputs: list[Any]
    keys: list[str]
    joined: bool

    def missing(self, found: dict[str, vectors.Vector]) -> list[str]:
        """Keys that are not among ``found``, each once."""
        return [key for key in dict.fromkeys(self.keys) if key not in found]


async def handle(context: RequestContext) -> Response:
    """Serve one embeddings request."""
    record = await context.authenticate()
    body = await context.json()
    model = fields.model(body)
    fields.sizes(body, {"input": fields.MOST_INPUTS})
    if "input" not in body:
        raise errors.InvalidRequest("Missing required parameter: 'input'.", param="input")
    policy = policies.from_request(context.caller.request, record.project, embeddings=True)
    target = resolve(model, record.project, context.caller.request.path)
    context.row.event.provider, context.row.event.model = target.provider.name, target.model
    context.row.set_status(MISS)
    sent = body if target.model == model else {**body, "model": target.model}
    inputs = vectors.inputs(body["input"])
    joined = any(body.get(name) not in (None, False) for name in JOINED_INPUTS)
    keys = _keys(context, sent, target, policy, inputs, joined=joined)
    context.row.event.cache_key = keys[0] if len(keys) == 1 else None
    request = vector_cache.admission_request(
        record,
        policy,
        target.model,
        keys,
        own_id=context.caller.own_id,
        characters=context.caller.characters,
        lease_seconds=context.host.settings.lease_seconds,
    )
    admission = await context.admit(request)
    started = context.timing.started
    local = context.host.runtime.limits
    cache = VectorCache(
        context.cache(),
        context.record,
        policy,
        request,
        admission,
        bounds=Bounds(context.most_stored_bytes(), context.host.settings.max_answer_bytes),
        local=local,
        journal=context.journal(),
        flights=context.host.runtime.vector_flights,
        label=context.label_account(),
        started=started,
    )
    return await _serve(
        context, _Wanted(body, sent, target, inputs, keys, joined), policy, admission, cache
    )


def _keys(
    context: RequestContext,
    sent: dict[str, Any],
    target: Target,
    policy: Policy,
    inputs: list[Any],
    *,
    joined: bool,
) -> list[str]:
    answers = source(context.record, target.provider)
    identity = hashing.embedding_identity(sent)
    parts = (answers, policy.namespace, fields.answer_headers(context), identity)
    if joined:
        batch = hashing.digest(inputs)
        return [hashing.digest(EMBEDDINGS, *parts, batch, at) for at in range(len(inputs))]
    return [hashing.digest(EMBEDDINGS, *parts, item) for item in inputs]


async def _serve(
    context: RequestContext,
    wanted: _Wanted,
    policy: Policy,
    admission: Admission,
    cache: VectorCache,
) -> Response:
    """From the cache, from the request that is fetching the same batch, or from the provider."""
    found = await cache.look_up(wanted.keys)
    bypassed = policy.why_bypass or admission.degraded
    if bypassed:
        context.row.bypass(bypassed)
    if wanted.keys and not wanted.missing(found):
        context.row.set_status(HIT)
        return _respond(context, wanted, found, {}, cache)
    admission.check_upstream()
    began = context.host.platform.monotonic()
    shared = {} if admission.degraded == RECORD_BEHIND else await cache.share()
    if not shared and admission.lease_left_ms:
        shared = await cache.follow(wanted.missing(found))
        if shared:
            cache.end_flight(shared)
    found |= {key: shared[key] for key in wanted.missing(found) if key in shared}
    if shared and not wanted.missing(found):
        context.timing.mark("follow", began)
        context.row.set_status(HIT_COALESCED)
        context.row.event.decision = None  # the cache took part after all, also without Redis
        cache.release()
        return _respond(context, wanted, found, {}, cache)
    cache.asks()
    if bypassed or not wanted.keys:
        return await _forward(context, wanted, cache)
    if wanted.joined:
        found = {}
    missing = wanted.missing(found)
    first = dict(zip(reversed(wanted.keys), reversed(wanted.inputs), strict=True))
    asked = {**wanted.sent, "input": [first[key] for key in missing]}
    answer, text = await _ask(context, wanted.target, asked, cache)
    if answer.response.status != 200:
        return context.provider_error(answer, text)
    new = dict(zip(missing, _parsed(context, text, asked, wanted.target, cache), strict=True))
    return _respond(context, wanted, found, new, cache)


def _respond(
    context: RequestContext,
    wanted: _Wanted,
    found: dict[str, vectors.Vector],
    new: dict[str, vectors.Vector],
    cache: VectorCache,
) -> Response:
    """``new``: those that the provider was asked for just now, to be charged and stored."""
    together = found | new
    if new:
        cache.end_flight(together)
    answers = [together[key] for key in wanted.keys]
    tokens, paid = _sum(answers), _sum(new.values())
    provider = wanted.target.provider.name
    if new and paid is None:
        spent = _account(context, wanted.target, cache)
    else:
        spent = context.row.account_parts(provider, wanted.target.model, tokens=tokens, paid=paid)
    response = context.response(200, "application/json", _listed(wanted.body, answers, tokens))
    context.row.finish(200)
    if new:
        context.host.platform.wait_until(cache.commit(new, spent, context.row.close(200)))
    return response


def _sum(answers: Iterable[vectors.Vector]) -> int | None:
    """Their tokens; ``None`` when those of one are unknown."""
    tokens = [vector.tokens for vector in answers]
    return None if None in tokens else sum(one or 0 for one in tokens)


def _listed(body: dict[str, Any], answers: list[vectors.Vector], tokens: int | None) -> str:
    """The response's JSON. Where ``tokens`` are unknown it has no ``usage``, as its provider's had
    none."""
    converts = hashing.converts_vectors(body)
    base64 = body.get("encoding_format") == "base64"
    listed: dict[str, Any] = {
        "object": "list",
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": vector.render(base64=base64) if converts else vector.value,
            }
            for index, vector in enumerate(answers)
        ],
        "model": answers[0].model,
    }
    if tokens is not None:
        listed["usage"] = {"prompt_tokens": tokens, "total_tokens": tokens}
    return json.dumps(listed, separators=(",", ":"))


def _parsed(
    context: RequestContext, text: str, asked: dict[str, Any], target: Target, cache: VectorCache
) -> list[vectors.Vector]:
    """The vectors of what was asked in its order, from the provider's JSON."""
    inputs = asked["input"]
    try:
        floats = hashing.converts_vectors(asked)
        return vectors.parse(strict_json.answer(text), inputs, target.model, floats=floats)
    except MALFORMED as error:
        cache.release(_account(context, target, cache))
        raise errors.UpstreamUnreachable(
            "The provider's answer does not hold one embedding for each input."
        ) from error


async def _forward(context: RequestContext, wanted: _Wanted, cache: VectorCache) -> Response:
    """Without the cache: request and answer are passed on unchanged; tokens and cost are
    charged."""
    target = wanted.target
    answer, text = await _ask(context, target, wanted.sent, cache)
    if answer.response.status != 200:
        return context.provider_error(answer, text)
    try:
        said = strict_json.answer(text)
    except ValueError:
        said = None
    if cache.is_followed:
        cache.end_flight(_vectors_by_key(said, wanted))
    spent = _account(context, target, cache, vectors.prompt_tokens(said))
    context.host.platform.wait_until(cache.commit({}, spent, context.row.close(200)))
    response = context.response(200, "application/json", text, *answer.headers)
    context.row.finish(200)
    return response


def _account(
    context: RequestContext, target: Target, cache: VectorCache, tokens: int | None = None
) -> Spent:
    """Of a whole answer of the provider, or of one that never came. Returns what to charge."""
    return context.row.account_answer(
        target.provider.name,
        target.model,
        Usage(prompt=tokens),
        completion=0,
        reserved=cache.estimated_tokens,
    )


def _vectors_by_key(answer: Any, wanted: _Wanted) -> dict[str, vectors.Vector] | None:
    """The vectors in an answer that is passed on unchanged; ``None`` when it does not hold them."""
    floats = hashing.converts_vectors(wanted.sent)
    try:
        parsed = vectors.parse(answer, wanted.inputs, wanted.target.model, floats=floats)
    except MALFORMED:
        return None
    return dict(zip(wanted.keys, parsed, strict=True))


async def _ask(
    context: RequestContext, target: Target, body: dict[str, Any], cache: VectorCache
) -> tuple[upstream_answer.Upstream, str]:
    """Releases on any error: no follower may wait a whole lease for what will not come."""
    try:
        fields.served(target.provider, EMBEDDINGS)
        answer = await upstream.ask(
            context.upstream(), [target], lambda _: upstream.Outgoing(EMBEDDINGS, body)
        )
        text = await answer.text()
    except Exception as error:
        unknown = isinstance(error, errors.GatewayError) and error.may_have_cost
        cache.release(_account(context, target, cache) if unknown else NOTHING_SPENT)
        raise
    if answer.response.status != 200:
        cache.release()
    return answer, text
