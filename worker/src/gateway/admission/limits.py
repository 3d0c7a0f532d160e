"""Admission: limits, quota, look-up and leadership in one Redis round trip.

When Redis does not answer, requests are admitted by an estimate that each process keeps for
itself, and the cache takes no part.
"""

from collections import deque
from dataclasses import dataclass, field

from gateway.admission.accounts import account_keys, day, month, or_none
from gateway.admission.request import Admission, AdmissionRequest
from gateway.core import errors
from gateway.core.http import Headers
from gateway.core.log import log_event
from gateway.redis import calls
from gateway.redis.calls import AdmitReply
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys
from shared.key_record import KeyRecord
from shared.purge_cutoffs import model_field, namespace_field

WINDOW_MS = 60_000
STORE_AWAY = "Redis did not answer in time"
RECORD_BEHIND = "the project's newest settings cannot be read yet"
"""Why the cache takes no part in a request that was admitted by this process's own estimate."""


class RecordOutdated(Exception):
    """Redis knows a newer revision of this key's record."""


@dataclass(slots=True)
class LocalEstimate:
    """Requests per minute as this process alone has seen them, for when Redis is away."""

    admitted: dict[str, deque[float]] = field(default_factory=dict)

    def admit(self, subject: str, limit: int, now: float) -> float:
        """0 when admitted, else the seconds to wait."""
        log = self.admitted.setdefault(subject, deque())
        while log and log[0] <= now - WINDOW_MS / 1000:
            log.popleft()
        if len(log) >= limit:
            return log[0] + WINDOW_MS / 1000 - now
        log.append(now)
        return 0.0


async def admit(
    store: Store, record: KeyRecord, request: AdmissionRequest, estimate: LocalEstimate, now: float
) -> Admission:
    """One round trip. Raises ``RateLimited``, ``QuotaExceeded`` or ``RecordOutdated``."""
    project = record.project_id
    plan, own, search = record.plan, record.key_limits, request.semantic
    try:
        reply = await calls.admit(
            store,
            revision=redis_keys.revision(project),
            plan_log=redis_keys.request_log(project, "plan"),
            key_log=redis_keys.request_log(project, record.key_id),
            quota=redis_keys.quota(record.organization_id, month(now)),
            cutoffs=redis_keys.cutoffs(project),
            lock=request.lock or redis_keys.no_lock(project),
            **account_keys(record, now),
            stats=redis_keys.stats(project, day(now)),
            entries=request.entries,
            record_revision=record.revision,
            plan_rpm=or_none(plan.requests_per_minute),
            key_rpm=or_none(own.requests_per_minute),
            monthly_requests=or_none(plan.monthly_requests),
            hits_past_quota=plan.overage == "cache_only",
            model_field=model_field(request.model),
            namespace_field=namespace_field(request.namespace),
            max_age_ms=request.max_age_ms,
            lock_token=request.wants.lock_token,
            lease_ms=request.lease_ms,
            plan_tpm=or_none(plan.tokens_per_minute),
            key_tpm=or_none(own.tokens_per_minute),
            project_budget=or_none(record.project.monthly_budget_nanousd),
            key_budget=or_none(own.monthly_budget_nanousd),
            estimated_tokens=request.wants.tokens,
            no_upstream=request.no_upstream,
            slot=request.wants.slot,
            concurrent_streams=or_none(plan.concurrent_streams),
            slot_ms=request.slot_ms,
            semantic_prefix=search.semantic_prefix,
            code=search.code,
            probes=search.probes,
            most_distance=search.most_distance,
            candidates=search.candidates,
            evidence=search.evidence,
        )
    except StoreUnavailable as error:
        log_event("store_unavailable", "warning", reason=str(error))
        return admit_locally(record, request, estimate, now, why=STORE_AWAY)
    return _read(reply, record, len(request.entries))


def _read(reply: AdmitReply, record: KeyRecord, entries: int) -> Admission:
    verdict, now = reply.verdict, reply.now_ms
    if verdict == "STALE":
        raise RecordOutdated
    headers: Headers = []
    wait_ms = 0
    for limit, used, oldest in (
        (record.plan.requests_per_minute, reply.plan_used, reply.plan_oldest_ms),
        (record.key_limits.requests_per_minute, reply.key_used, reply.key_oldest_ms),
    ):
        if limit is None:
            continue
        headers = _tighter(headers, _window_headers(limit, used, now, oldest))
        if used >= limit:
            wait_ms = max(wait_ms, oldest + WINDOW_MS - now)
    if verdict == "RATE":
        seconds = max(1, -(-wait_ms // 1000))
        raise errors.RateLimited(
            f"Rate limit reached for requests per minute. Please try again in {seconds}s.",
            headers=[*headers, ("retry-after", str(seconds)), ("retry-after-ms", str(wait_ms))],
        )
    if verdict == "QUOTA":
        raise errors.QuotaExceeded(
            f"The plan's {record.plan.monthly_requests:,} requests for this month are used up. "
            "Upgrade the plan, or wait for the first of the next month (UTC).",
            headers=[*headers, ("x-should-retry", "false")],
        )
    headers += _token_headers(record, reply.tokens_used, now, reply.tokens_oldest_ms)
    return Admission(
        now_ms=now,
        entries=[*reply.entries, *[None] * (entries - len(reply.entries))],
        candidates=reply.candidates,
        evidence=reply.evidence,
        lease_left_ms=max(0, reply.lease_left_ms),
        refusal=_refusal(verdict, record, max(0, reply.tokens_oldest_ms + WINDOW_MS - now)),
        headers=[*headers, *_quota_headers(record.plan.monthly_requests, reply.quota_used)],
    )


def _refusal(verdict: str, record: KeyRecord, wait_ms: int) -> errors.GatewayError | None:
    """``wait_ms``: until the oldest tokens leave the window."""
    final = [("x-should-retry", "false")]
    match verdict:
        case "HITS_ONLY":
            return errors.QuotaExceeded(
                "The plan's requests for this month are used up; only cached answers are served.",
                headers=final,
            )
        case "BUDGET":
            return errors.BudgetExceeded(
                "The monthly budget of this key or project is spent. Cached answers are still "
                "served.",
                headers=final,
            )
        case "TOKENS":
            seconds = max(1, -(-wait_ms // 1000))
            return errors.TokensLimited(
                f"Rate limit reached for tokens per minute. Please try again in {seconds}s.",
                headers=[("retry-after", str(seconds))],
            )
        case "STREAMS":
            return errors.StreamsLimited.of(record.plan.concurrent_streams)
    return None


def _window_headers(limit: int, used: int, now: int, oldest: int) -> Headers:
    """As OpenAI names them. ``reset``: until the oldest request leaves the window."""
    reset = max(0, oldest + WINDOW_MS - now) / 1000 if used else 0.0
    return [
        ("x-ratelimit-limit-requests", str(limit)),
        ("x-ratelimit-remaining-requests", str(max(0, limit - used))),
        ("x-ratelimit-reset-requests", f"{reset:.3f}s"),
    ]


def _token_headers(record: KeyRecord, used: int, now: int, oldest: int) -> Headers:
    plan, own = record.plan.tokens_per_minute, record.key_limits.tokens_per_minute
    limits = [limit for limit in (plan, own) if limit is not None]
    if not limits:
        return []
    reset = max(0, oldest + WINDOW_MS - now) / 1000 if used else 0.0
    return [
        ("x-ratelimit-limit-tokens", str(min(limits))),
        ("x-ratelimit-remaining-tokens", str(max(0, min(limits) - used))),
        ("x-ratelimit-reset-tokens", f"{reset:.3f}s"),
    ]


def _tighter(one: Headers, other: Headers) -> Headers:
    return one if one and int(one[1][1]) <= int(other[1][1]) else other


def _quota_headers(limit: int | None, used: int) -> Headers:
    if limit is None:
        return []
    return [
        ("x-watchllm-quota-limit", str(limit)),
        ("x-watchllm-quota-remaining", str(max(0, limit - used))),
    ]


def admit_locally(
    record: KeyRecord,
    request: AdmissionRequest,
    estimate: LocalEstimate,
    now: float,
    *,
    why: str,
) -> Admission:
    """Without Redis: by this process's own estimate. Raises ``RateLimited``."""
    for subject, limit in (
        (record.project_id, record.plan.requests_per_minute),
        (record.key_id, record.key_limits.requests_per_minute),
    ):
        if limit is None:
            continue
        wait = estimate.admit(subject, limit, now)
        if wait > 0:
            raise errors.RateLimited(
                "Rate limit reached for requests per minute.",
                headers=[("retry-after", str(max(1, round(wait))))],
            )
    return Admission(int(now * 1000), [None] * len(request.entries), degraded=why)
