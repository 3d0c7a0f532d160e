"""Admission: limits, quota, look-up and leadership in one Redis round trip.

When Redis does not answer, this process admits its share of each limit (``local_limits``), and the
cache takes no part.
"""

from operator import itemgetter

from gateway.admission import refusal
from gateway.admission.accounts import LabelAccount, account_keys, day, month, or_none
from gateway.admission.local_limits import LocalLimits, Subjects
from gateway.admission.refusal import MayAsk
from gateway.admission.request import Admission, AdmissionRequest
from gateway.core.http import Headers
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.calls import AdmitReply
from gateway.redis.store import Store, StoreUnavailable
from shared import redis_keys
from shared.key_record import KeyRecord
from shared.purge_cutoffs import model_field, namespace_field

WINDOW_MS = 60_000
ENTRY = (AdmitReply._fields.index("entries"), 0)
"""Where a reply has the first of the entries that were asked for."""
STORE_AWAY = "Redis did not answer in time"
RECORD_BEHIND = "the project's newest settings cannot be read yet"
"""Why the cache takes no part in a request that was admitted by this process alone."""


class RecordOutdated(Exception):
    """Redis knows a newer revision of this key's record."""


async def admit(
    platform: Platform,
    store: Store,
    record: KeyRecord,
    request: AdmissionRequest,
    local: LocalLimits,
    *,
    label: LabelAccount | None,
) -> Admission:
    """One round trip. Raises ``RateLimited``, ``LabelRateLimited``, ``QuotaExceeded`` or
    ``RecordOutdated``; without Redis also what ``admit_locally`` does. ``label``: where the
    request's value of the limited label counts."""
    project, now = record.project_id, platform.now()
    plan, own, search = record.plan, record.key_limits, request.semantic
    on = _subjects(record, now, label)
    try:
        reply = await calls.admit(
            store,
            revision=redis_keys.revision(project),
            plan_log=on.plan_log,
            key_log=on.key_log,
            quota=on.quota,
            cutoffs=redis_keys.cutoffs(project),
            lock=request.lock or redis_keys.no_lock(project),
            **on.account,
            label_log=label.log if label else redis_keys.no_label(project),
            other_log=label.other_log if label else redis_keys.no_label(project),
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
            label_account=label.account if label else "",
            label_most=label.most if label else 0,
            label_ttl=label.ttl_seconds if label else 0,
            label_rpm=or_none(label.limits.requests_per_minute if label else None),
            label_budget=or_none(label.limits.budget_nanousd if label else None),
            estimated_tokens=request.wants.tokens,
            no_upstream=not request.asks_provider,
            slot=request.wants.slot,
            concurrent_streams=or_none(plan.concurrent_streams),
            slot_ms=request.slot_ms,
            semantic_prefix=search.semantic_prefix,
            code=search.code,
            probes=search.probes,
            most_distance=search.most_distance,
            candidates=search.candidates,
            evidence=search.evidence,
            project_evidence=search.project_evidence,
            prompt_state=request.prompt_state,
            prompt_fields=request.prompt_fields,
        )
    except StoreUnavailable as error:
        log_event("store_unavailable", "warning", reason=str(error))
        return admit_locally(
            platform,
            record,
            request,
            local,
            label=label,
            why=STORE_AWAY,
            run_there=error.may_have_run,
        )
    if reply.verdict == "STALE":
        raise RecordOutdated
    local.heard(record, on, reply, request.wants.tokens, platform.monotonic())
    return _read(reply, record, request)


def admit_locally(
    platform: Platform,
    record: KeyRecord,
    request: AdmissionRequest,
    local: LocalLimits,
    *,
    label: LabelAccount | None,
    why: str,
    run_there: bool = False,
) -> Admission:
    """Without Redis: by this process's share of each limit. ``run_there``: Redis may have counted
    the request all the same. Raises the error of the limit that refuses."""
    now = platform.now()
    on = _subjects(record, now, label)
    hold = local.admit(record, on, request, platform.monotonic(), run_there=run_there)
    return Admission(
        int(now * 1000),
        [None] * len(request.entries),
        upstream=request.cache_only() or MayAsk(),
        degraded=why,
        local=hold,
    )


def _subjects(record: KeyRecord, now: float, label: LabelAccount | None) -> Subjects:
    project = record.project_id
    return Subjects(
        plan_log=redis_keys.request_log(project, "plan"),
        key_log=redis_keys.request_log(project, record.key_id),
        quota=redis_keys.quota(record.organization_id, month(now)),
        account=account_keys(record, now, label),
        label=label,
    )


def _read(reply: AdmitReply, record: KeyRecord, request: AdmissionRequest) -> Admission:
    verdict, now = reply.verdict, reply.now_ms
    headers: Headers = []
    wait_ms = 0
    label = record.project.label_limits if reply.label_account else None
    for limit, used, oldest in (
        (record.plan.requests_per_minute, reply.plan_used, reply.plan_oldest_ms),
        (record.key_limits.requests_per_minute, reply.key_used, reply.key_oldest_ms),
        (label.requests_per_minute if label else None, reply.label_used, reply.label_oldest_ms),
    ):
        if limit is None:
            continue
        headers = _tighter(headers, _window_headers(limit, used, now, oldest))
        if used >= limit:
            wait_ms = max(wait_ms, oldest + WINDOW_MS - now)
    if verdict == "RATE":
        raise refusal.rate_limited(wait_ms, headers)
    if verdict == "LABEL_RATE" and label is not None:
        raise refusal.label_rate_limited(label, wait_ms, headers)
    if verdict == "QUOTA":
        raise refusal.quota_used_up(record, headers)
    tokens_used, tokens_oldest = max(
        (max(0, reply.plan_tokens), reply.plan_tokens_oldest_ms),
        (reply.key_tokens, reply.key_tokens_oldest_ms),
        key=itemgetter(0),
    )
    headers += _token_headers(record, tokens_used, now, tokens_oldest)
    upstream = request.cache_only() or refusal.upstream_access(
        verdict,
        record,
        lease_left_ms=reply.lease_left_ms,
        tokens_wait_ms=max(0, tokens_oldest + WINDOW_MS - now),
    )
    return Admission(
        now_ms=now,
        entries=[*reply.entries, *[None] * (len(request.entries) - len(reply.entries))],
        candidates=reply.candidates,
        evidence=reply.evidence,
        project_evidence=reply.project_evidence,
        upstream=upstream,
        prompt_values=reply.prompt_values,
        headers=[*headers, *_quota_headers(record.plan.monthly_requests, reply.quota_used)],
    )


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
