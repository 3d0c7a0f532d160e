"""``POST /v1/embeddings``: cached per input, so a batch asks its provider only for what is new."""

import json
from collections.abc import Iterable
from typing import Any

from gateway.cache import policy as policies
from gateway.core import errors, strict_json
from gateway.core.http import Response
from gateway.endpoints import fields
from gateway.formats import vectors
from gateway.formats.base import MALFORMED, Usage
from gateway.pipeline.request_context import RequestContext
from gateway.pipeline.vectors import VectorCache
from gateway.providers import upstream, upstream_answer
from gateway.providers.base import EMBEDDINGS
from gateway.providers.credentials import source
from gateway.providers.registry import Target, resolve
from shared import hashing
from shared.usage_events import HIT, HIT_COALESCED, MISS


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
    sent = body if target.model == model else {**body, "model": target.model}
    event = context.row.event
    event.provider, event.model = target.provider.name, target.model
    context.row.set_status(MISS)

    inputs = vectors.inputs(body["input"])
    identity = hashing.embedding_identity(sent)
    parts = (
        source(context.record, target.provider),
        policy.namespace,
        fields.answer_headers(context),
        identity,
    )
    keys = [hashing.digest(EMBEDDINGS, *parts, item) for item in inputs]
    event.cache_key = keys[0] if len(keys) == 1 else None
    cache = VectorCache(context, policy, target.model)
    found, admission = await cache.look_up(keys)
    bypassed = policy.why_bypass or admission.degraded
    if bypassed:
        context.row.bypass(bypassed)
    missing = _missing(keys, found)
    if not missing and keys:
        context.row.set_status(HIT)
    else:
        policies.check_may_fetch(policy)
        admission.check_upstream()
        if bypassed or not keys:
            return await _forward(context, target, sent, cache)
        if admission.lease_left_ms:
            found |= await cache.follow(missing)
            missing = _missing(keys, found)
            if not missing:
                context.row.set_status(HIT_COALESCED)
                cache.release()
    new: dict[str, vectors.Vector] = {}
    if missing:
        first = dict(zip(reversed(keys), reversed(inputs), strict=True))
        fetched = await _fetch(context, target, sent, [first[key] for key in missing], cache)
        if isinstance(fetched, Response):
            return fetched
        new = dict(zip(missing, fetched, strict=True))
        found |= new
    paid = _sum(new.values())
    response = _respond(context, target, body, [found[key] for key in keys], paid)
    if new:
        context.host.platform.wait_until(cache.commit(new, paid or 0))
    return response


def _sum(answers: Iterable[vectors.Vector]) -> int | None:
    """Their tokens; ``None`` when those of one are unknown."""
    tokens = [vector.tokens for vector in answers]
    return None if None in tokens else sum(one or 0 for one in tokens)


def _missing(keys: list[str], found: dict[str, vectors.Vector]) -> list[str]:
    return [key for key in dict.fromkeys(keys) if key not in found]


def _respond(
    context: RequestContext,
    target: Target,
    body: dict[str, Any],
    answers: list[vectors.Vector],
    paid: int | None,
) -> Response:
    """``paid``: the tokens among them that were asked for just now. Where tokens are unknown the
    answer has no ``usage``, as its provider's had none."""
    tokens = _sum(answers)
    context.row.account_parts(target.provider.name, target.model, tokens=tokens, paid=paid)
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
    text = json.dumps(listed, separators=(",", ":"))
    response = context.response(200, "application/json", text)
    context.row.finish(200)
    return response


async def _fetch(
    context: RequestContext,
    target: Target,
    body: dict[str, Any],
    inputs: list[Any],
    cache: VectorCache,
) -> list[vectors.Vector] | Response:
    """The vectors of ``inputs`` in order, or the provider's error as it came."""
    answer, text = await _ask(context, target, {**body, "input": inputs}, cache)
    if answer.response.status != 200:
        return context.provider_error(answer, text)
    try:
        floats = hashing.converts_vectors(body)
        return vectors.parse(strict_json.answer(text), inputs, target.model, floats=floats)
    except MALFORMED as error:
        cache.release()
        raise errors.UpstreamUnreachable(
            "The provider's answer does not hold one embedding for each input."
        ) from error


async def _forward(
    context: RequestContext, target: Target, body: dict[str, Any], cache: VectorCache
) -> Response:
    """Without the cache: request and answer as they are, and charged all the same."""
    answer, text = await _ask(context, target, body, cache)
    if answer.response.status != 200:
        return context.provider_error(answer, text)
    try:
        tokens = vectors.prompt_tokens(strict_json.answer(text))
    except ValueError:
        tokens = None
    context.row.account(target.provider.name, target.model, Usage(prompt=tokens))
    context.host.platform.wait_until(cache.commit({}, tokens or 0))
    response = context.response(200, "application/json", text, *answer.headers)
    context.row.finish(200)
    return response


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
    except Exception:
        cache.release()
        raise
    if answer.response.status != 200:
        cache.release()
    return answer, text
