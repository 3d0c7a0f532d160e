"""The requests of one label value in the order in which they came, and what they cost so far."""

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from apps.projects.models import Project
from apps.usage.label_filter import has_label
from apps.usage.label_latency import latencies
from apps.usage.models import UsageLog
from apps.usage.patience import patience
from apps.usage.reports import HITS, Latency, Sums
from apps.usage.request_log import PAGE, Cursor
from shared.usage_events import REFUSED


@dataclass(frozen=True, slots=True)
class Step:
    """A request, and the cost of all up to and with it."""

    log: UsageLog
    cost_so_far: int


@dataclass(frozen=True, slots=True)
class LabelLog:
    """``latency``: of the requests that were not refused. ``first`` and ``last``: when requests of
    the value came, None without one. ``later``: where the next page begins, None at the end."""

    sums: Sums
    first: datetime | None
    last: datetime | None
    steps: list[Step]
    later: Cursor | None
    latency: Latency


def label_log(project: Project, name: str, value: str, cursor: Cursor | None) -> LabelLog:
    """Oldest first, of what the log still has. At most four queries. Raises ``TooSlowError``."""
    rows = UsageLog.objects.filter(has_label(name, value), project=project)
    with patience():
        found = rows.aggregate(
            requests=Count("id"),
            hits=Count("id", filter=Q(cache_status__in=HITS)),
            refused=Count("id", filter=Q(cache_status=REFUSED)),
            errors=Count("id", filter=Q(status__gte=400)),
            unpriced_requests=Count("id", filter=Q(cost_nanousd=None)),
            prompt_tokens=Sum("prompt_tokens", default=0),
            completion_tokens=Sum("completion_tokens", default=0),
            cost_nanousd=Sum("cost_nanousd", default=0),
            saved_nanousd=Sum("saved_nanousd", default=0),
            prompt_cache_saved_nanousd=Sum(
                "prompt_cache_nanousd", filter=Q(prompt_cache_nanousd__gt=0), default=0
            ),
            prompt_cache_overpaid_nanousd=-Sum(
                "prompt_cache_nanousd", filter=Q(prompt_cache_nanousd__lt=0), default=0
            ),
            first=Min("ts"),
            last=Max("ts"),
        )
        spent = 0 if cursor is None else _cost(rows.exclude(_from(cursor)))
        listed = rows if cursor is None else rows.filter(_from(cursor))
        latency = latencies(rows, name).get(value, Latency(None, None))
        logs = list(listed.defer("prompt", "response", "decision").order_by("ts", "id")[: PAGE + 1])
    first, last = found.pop("first"), found.pop("last")
    steps = []
    for log in logs[:PAGE]:
        spent += log.cost_nanousd or 0
        steps.append(Step(log, spent))
    later = Cursor(logs[PAGE].ts, logs[PAGE].pk, older=False) if len(logs) > PAGE else None
    return LabelLog(replace(Sums(), **found), first, last, steps, later, latency)


def _from(cursor: Cursor) -> Q:
    """The cursor's row and all that came after it."""
    return Q(ts__gt=cursor.ts) | Q(ts=cursor.ts, id__gte=cursor.log_id)


def _cost(rows: QuerySet[UsageLog]) -> int:
    total: int = rows.aggregate(total=Sum("cost_nanousd", default=0))["total"]
    return total
