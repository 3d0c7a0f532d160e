"""``POST /v1/cache/purge``, ``POST /v1/cache/feedback``, ``GET /v1/cache/stats``."""

import json
from typing import Any

from gateway.admission import accounts
from gateway.admission.request import AdmissionRequest
from gateway.core import errors
from gateway.core.http import Response
from gateway.endpoints import fields
from gateway.pipeline.request_context import RequestContext
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from gateway.redis.upstash import UpstashError
from shared import purge_cutoffs, redis_keys
from shared.semantic_verdict import REFUSED_SECONDS, VERDICTS, SemanticHit, parse_hit
from shared.usage_events import CacheDecision

_FIELDS = frozenset({"all", "model", "namespace", "key", "older_than_seconds"})
_STATS_DAYS = 7


async def purge(context: RequestContext) -> Response:
    """Forget entries, at once and everywhere.

    ``key`` deletes one entry and tells whether there was one. Everything else advances a cutoff:
    entries created before it are never served again, however many there are.
    """
    record = await context.authenticate()
    body = await context.json()
    _check(body)
    await context.admit(AdmissionRequest(no_upstream=True))
    project = record.project_id
    try:
        if "key" in body:
            deleted = await context.host.store.command(
                "DEL", redis_keys.entry(project, body["key"])
            )
            answer: dict[str, Any] = {"deleted": int(deleted)}
        else:
            age_ms = int(body.get("older_than_seconds", 0) * 1000)
            cutoff = await calls.advance_cutoff(
                context.host.store,
                cutoffs=redis_keys.cutoffs(project),
                field=purge_cutoffs.scope_field(body.get("model"), body.get("namespace")),
                age_ms=age_ms,
                ttl_seconds=purge_cutoffs.KEPT_SECONDS,
            )
            answer = {"generation": "advanced", "created_until_ms": cutoff}
    except (StoreUnavailable, UpstashError) as error:
        raise errors.StoreAway("The cache cannot be reached right now. Please retry.") from error
    _forget(context)
    scope = {name: body[name] for name in sorted(_FIELDS & body.keys())}
    return _answer(context, {"object": "cache.purge", "scope": scope, **answer})


def _forget(context: RequestContext) -> None:
    """What this process itself remembers of the project's answers."""
    runtime, project = context.host.runtime, context.record.project_id
    runtime.flights.forget(project)
    runtime.vector_flights.forget(project)
    runtime.recent.forget(project)


async def stats(context: RequestContext) -> Response:
    """Hits and misses of this project's last seven days (UTC), as Redis counted them."""
    record = await context.authenticate()
    await context.admit(AdmissionRequest(no_upstream=True))
    days = [accounts.day(context.timing.started - 86_400 * back) for back in range(_STATS_DAYS)]
    try:
        counted = await calls.stats(
            context.host.store, days=[redis_keys.stats(record.project_id, day) for day in days]
        )
    except StoreUnavailable as error:
        raise errors.StoreAway("The cache cannot be reached right now. Please retry.") from error
    data = [
        {"date": f"{day[:4]}-{day[4:6]}-{day[6:]}", "hits": hits, "misses": misses}
        for day, (hits, misses) in zip(days, counted, strict=True)
    ]
    return _answer(context, {"object": "cache.stats", "data": data})


async def feedback(context: RequestContext) -> Response:
    """A person's verdict on a semantic hit, by its request id.

    ``wrong`` deletes the entry that was served, refuses this pair of prompts for a year and counts
    as wrong in the evidence of its namespace; ``right`` counts as right there. Each hit takes one
    verdict.
    """
    record = await context.authenticate()
    body = await context.json()
    request_id, verdict = body.get("request_id"), body.get("verdict", "wrong")
    if (
        not isinstance(request_id, str)
        or not 0 < len(request_id) <= fields.MOST_CHARACTERS
        or not request_id.isprintable()
    ):
        raise errors.InvalidRequest("Missing required parameter: 'request_id'.", param="request_id")
    if verdict not in VERDICTS:
        raise errors.InvalidRequest("'verdict' takes 'wrong' or 'right'.", param="verdict")
    await context.admit(AdmissionRequest(no_upstream=True))
    try:
        hit = await _judge(context, record.project_id, request_id, wrong=verdict == "wrong")
    except (StoreUnavailable, UpstashError) as error:
        raise errors.StoreAway("The cache cannot be reached right now. Please retry.") from error
    _forget(context)
    # The dashboard learns of the verdict from this row, and can count it again after a loss of
    # Redis.
    context.row.event.decision = CacheDecision(
        verdict=verdict,
        hit=hit.row,
        candidate=hit.entry,
        namespace=hit.namespace,
        bin=hit.bin,
    )
    answer = {"object": "cache.feedback", "request_id": request_id, "verdict": verdict}
    return _answer(context, {**answer, "removed": verdict == "wrong"})


async def _judge(
    context: RequestContext, project: str, request_id: str, *, wrong: bool
) -> SemanticHit:
    remembered = redis_keys.semantic_hit(project, request_id)
    hit = parse_hit(await context.host.store.get(remembered) or "")
    if hit is not None:
        given = await calls.give_verdict(
            context.host.store,
            hit=remembered,
            entry=redis_keys.entry(project, hit.entry),
            evidence=redis_keys.semantic_evidence(project, hit.namespace),
            project_evidence=redis_keys.semantic_project_evidence(project),
            refused_pair=redis_keys.semantic_refused(project, hit.asked, hit.entry),
            bin_number=hit.bin,
            wrong=int(wrong),
            refused_seconds=REFUSED_SECONDS,
        )
        if given:
            return hit
    raise errors.UnknownHit(
        "No semantic hit of this request id is waiting for a verdict.", param="request_id"
    )


def _check(body: dict[str, Any]) -> None:
    unknown = body.keys() - _FIELDS
    if unknown:
        raise errors.InvalidRequest(f"Unknown field: '{min(unknown)}'.", param=min(unknown))
    if not body:
        raise errors.InvalidRequest(
            'Say what to purge: {"all": true}, or model, namespace, key, older_than_seconds.'
        )
    if "all" in body and (body["all"] is not True or {"model", "namespace", "key"} & body.keys()):
        raise errors.InvalidRequest(
            "'all' must be true, and cannot be combined with model, namespace or key.", param="all"
        )
    if "key" in body and len(body) > 1:
        raise errors.InvalidRequest("'key' cannot be combined with another field.", param="key")
    for name in ("model", "namespace", "key"):
        value = body.get(name, "")
        if not isinstance(value, str) or not value.isprintable():
            raise errors.InvalidRequest(f"'{name}' must be a printable string.", param=name)
        if len(value) > fields.MOST_CHARACTERS:
            raise errors.InvalidRequest(
                f"'{name}' takes at most {fields.MOST_CHARACTERS} characters.", param=name
            )
        if name in body and name != "namespace" and not value:
            raise errors.InvalidRequest(f"'{name}' must not be empty.", param=name)
    age = body.get("older_than_seconds", 0)
    if isinstance(age, bool) or not isinstance(age, int | float) or not 0 <= age <= 10**9:
        raise errors.InvalidRequest(
            "'older_than_seconds' must be a number of seconds, 0 or more.",
            param="older_than_seconds",
        )


def _answer(context: RequestContext, answer: dict[str, Any]) -> Response:
    response = context.response(200, "application/json", json.dumps(answer))
    context.row.finish(200)
    return response
