"""Usage rows for the dashboard's tests, and a count of them made the slow and plain way."""

import uuid
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from apps.projects.models import ApiKey
from apps.usage.latency import bucket_of
from apps.usage.models import (
    LabelHourly,
    SemanticHourly,
    UsageDaily,
    UsageHourly,
    UsageLatencyHourly,
    UsageLog,
)
from apps.usage.quota import UNCOUNTED_ERRORS
from apps.usage.rollup import usage_rollup
from shared import usage_events

_MONEY = ("cost", "saved", "prompt_cache_saved", "prompt_cache_overpaid")


def usage_row(api_key: ApiKey, **values: Any) -> UsageLog:
    """An unsaved row of the key's project."""
    return UsageLog(
        **{
            "request_id": str(uuid.uuid4()),
            "ts": datetime(2026, 11, 23, 10, 30, tzinfo=UTC),
            "api_key": api_key,
            "project_id": api_key.project_id,
            "organization_id": api_key.project.organization_id,
            "endpoint": "/v1/chat/completions",
            "stream": False,
            "cache_status": "MISS",
            "latency_ms": 100,
            "status": 200,
            **values,
        }
    )


def recount() -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What the rollup tables should hold, from the log alone: sums by hour, by day and of semantic
    hits in one (told apart by the first word of their keys), and latencies.
    """
    sums: dict[Any, Counter[str]] = {}
    latency: Counter[Any] = Counter()
    for log in UsageLog.objects.select_related("project"):
        hour = log.ts.replace(minute=0, second=0, microsecond=0)
        key = (
            log.organization_id,
            log.project_id,
            log.api_key_id,
            log.endpoint,
            log.provider or "",
            (log.model or "")[:128],
            log.cache_status,
        )
        for start in (("hour", hour), ("day", hour.replace(hour=0))):
            sums.setdefault((*start, *key), Counter()).update(
                requests=1,
                quota_requests=int(
                    log.upstream_ms is not None or log.error_code not in UNCOUNTED_ERRORS
                ),
                errors=int(log.status >= 400),
                unpriced_requests=int(log.cost_nanousd is None),
                prompt_tokens=log.prompt_tokens or 0,
                completion_tokens=log.completion_tokens or 0,
                cached_tokens=log.cached_tokens or 0,
                cache_write_tokens=log.cache_write_tokens or 0,
                cache_write_hour_tokens=log.cache_write_hour_tokens or 0,
                cost_nanousd=log.cost_nanousd or 0,
                saved_nanousd=log.saved_nanousd or 0,
                prompt_cache_saved_nanousd=max(0, log.prompt_cache_nanousd or 0),
                prompt_cache_overpaid_nanousd=max(0, -(log.prompt_cache_nanousd or 0)),
                latency_ms_sum=log.latency_ms,
            )
        for name in log.project.charted_labels:
            value = (log.labels or {}).get(name)
            if value is not None:
                label = ("label", hour, log.project_id, name, value, log.cache_status)
                sums.setdefault(label, Counter()).update(
                    requests=1,
                    errors=int(log.status >= 400),
                    unpriced_requests=int(log.cost_nanousd is None),
                    prompt_tokens=log.prompt_tokens or 0,
                    completion_tokens=log.completion_tokens or 0,
                    cost_nanousd=log.cost_nanousd or 0,
                    saved_nanousd=log.saved_nanousd or 0,
                    prompt_cache_saved_nanousd=max(0, log.prompt_cache_nanousd or 0),
                    prompt_cache_overpaid_nanousd=max(0, -(log.prompt_cache_nanousd or 0)),
                    latency_ms_sum=log.latency_ms,
                )
        latency[hour, log.project_id, log.cache_status, bucket_of(log.latency_ms)] += 1
        if log.cache_status == usage_events.HIT_SEMANTIC:
            decision = log.decision or {}
            mode = decision.get("mode", "")
            agreed = decision.get("agreed")
            sums.setdefault(("semantic", hour, log.project_id, mode), Counter()).update(
                hits=1, checked=int(agreed is not None), wrong=int(agreed is False)
            )
    return {key: dict(counted) for key, counted in sums.items()}, dict(latency)


def rows_at_the_bounds_are_counted(rich: ApiKey, neighbour: ApiKey) -> None:
    """Rows whose money overflows the columns of the sums, in one batch and over several, are
    counted up to a bound, and the other tenant's rows in full. Leaves nothing behind."""
    rich.project.charted_labels = ["user"]
    rich.project.save()
    most = 2**63 - 1  # of the column
    money = dict.fromkeys(("cost_nanousd", "saved_nanousd", "prompt_cache_nanousd"), most)
    for _ in range(3):
        for _ in range(2):
            usage_row(rich, **money, labels={"user": "ada"}).save()
            usage_row(rich, prompt_cache_nanousd=-most, labels={"user": "ada"}).save()
        usage_row(neighbour, cost_nanousd=1).save()
        usage_rollup()
    columns = [f"{name}_nanousd" for name in _MONEY]
    models = (UsageHourly, UsageDaily, LabelHourly)
    for model in models:
        sums = model.objects.filter(project=rich.project)
        assert list(sums.values_list(*columns)) == [(6 * 10**13,) * 4]
        sums.update(cost_nanousd=9 * 10**15 - 1)
    usage_row(rich, cost_nanousd=5, labels={"user": "ada"}).save()
    usage_rollup()
    for model in models:
        assert model.objects.get(project=rich.project).cost_nanousd == 9 * 10**15
    assert UsageDaily.objects.get(project=neighbour.project).cost_nanousd == 3
    for model in (*models, UsageLatencyHourly, UsageLog):
        model.objects.filter(project__in=[rich.project, neighbour.project]).delete()


def rolled_up() -> tuple[dict[Any, Any], dict[Any, Any]]:
    """The rollup tables in the form of ``recount``."""
    rows = [("hour", row.hour, row) for row in UsageHourly.objects.all()]
    rows += [("day", row.day, row) for row in UsageDaily.objects.all()]
    sums = {
        (
            unit,
            start,
            row.organization_id,
            row.project_id,
            row.api_key_id,
            row.endpoint,
            row.provider,
            row.model,
            row.cache_status,
        ): {
            name: getattr(row, name)
            for name in (
                "requests",
                "quota_requests",
                "errors",
                "unpriced_requests",
                "prompt_tokens",
                "completion_tokens",
                "cached_tokens",
                "cache_write_tokens",
                "cache_write_hour_tokens",
                "cost_nanousd",
                "saved_nanousd",
                "prompt_cache_saved_nanousd",
                "prompt_cache_overpaid_nanousd",
                "latency_ms_sum",
            )
        }
        for unit, start, row in rows
    }
    sums |= {
        ("semantic", row.hour, row.project_id, row.mode): {
            "hits": row.hits,
            "checked": row.checked,
            "wrong": row.wrong,
        }
        for row in SemanticHourly.objects.all()
    }
    sums |= {
        ("label", row.hour, row.project_id, row.name, row.value, row.cache_status): {
            name: getattr(row, name)
            for name in (
                "requests",
                "errors",
                "unpriced_requests",
                "prompt_tokens",
                "completion_tokens",
                "cost_nanousd",
                "saved_nanousd",
                "prompt_cache_saved_nanousd",
                "prompt_cache_overpaid_nanousd",
                "latency_ms_sum",
            )
        }
        for row in LabelHourly.objects.all()
    }
    latency = {
        (row.hour, row.project_id, row.cache_status, row.bucket): row.requests
        for row in UsageLatencyHourly.objects.all()
    }
    return sums, latency
