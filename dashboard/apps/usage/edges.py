"""Spans whose edges lie within an hour: sums of the log's rows, where the hourly sums do not do.

An hour with an edge in it is left out of the hourly sums and read from the log instead. Only rows
that the rollup has counted are read, so that both agree.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Count, F, Q, QuerySet, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Substr

from apps.projects.models import Project
from apps.usage.filters import DIMENSIONS, Filters
from apps.usage.models import RollupState, UsageHourly, UsageLog
from apps.usage.period import floor
from shared import usage_events

_HOUR = timedelta(hours=1)
_HIT = Q(cache_status__in=usage_events.HITS)
_SAVED = Q(prompt_cache_nanousd__gt=0)
_OVERPAID = Q(prompt_cache_nanousd__lt=0)
_PROMPT, _COMPLETION = Coalesce("prompt_tokens", 0), Coalesce("completion_tokens", 0)
SUMS = {
    "log_requests": Count("id"),
    "log_hits": Count("id", filter=_HIT),
    "log_refused": Count("id", filter=Q(cache_status=usage_events.REFUSED)),
    "log_errors": Count("id", filter=Q(status__gte=400)),
    "log_unpriced": Count("id", filter=Q(cost_nanousd=None)),
    "log_prompt": Sum("prompt_tokens", default=0),
    "log_completion": Sum("completion_tokens", default=0),
    "log_saved_tokens": Sum(_PROMPT + _COMPLETION, filter=_HIT, default=0),
    "log_cost": Sum("cost_nanousd", default=0),
    "log_saved": Sum("saved_nanousd", default=0),
    "log_prompt_cache_saved": Sum("prompt_cache_nanousd", filter=_SAVED, default=0),
    "log_prompt_cache_overpaid": Sum(-F("prompt_cache_nanousd"), filter=_OVERPAID, default=0),
}
"""Of rows of the log, in the order of the fields of ``reports.Sums``."""
_COLUMNS = {
    "requests": Count("id"),
    "errors": SUMS["log_errors"],
    "unpriced_requests": SUMS["log_unpriced"],
    **{
        name: Sum(name, default=0)
        for name in (
            *("prompt_tokens", "completion_tokens", "cached_tokens"),
            *("cache_write_tokens", "cache_write_hour_tokens", "cost_nanousd", "saved_nanousd"),
        )
    },
    "prompt_cache_saved_nanousd": SUMS["log_prompt_cache_saved"],
    "prompt_cache_overpaid_nanousd": SUMS["log_prompt_cache_overpaid"],
}
"""Columns of the hourly sums, of rows of the log."""
_DIMENSIONS = ("api_key_id", "endpoint", "provider", "model", "cache_status")
_TEXTS = {
    "model": Substr(Coalesce("model", Value("")), 1, 128),
    "provider": Coalesce("provider", Value("")),
}
"""As the hourly sums have them."""


def log_begins(project: Project) -> datetime | None:
    """Since when the log has all rows: it is deleted from its old end. One query."""
    oldest = UsageLog.objects.filter(project=project).order_by("ts", "id").values_list("ts")
    found = oldest.first()
    return found[0] if found else None


def broken_hours(edges: Iterable[datetime]) -> list[datetime]:
    """The hours that have an edge within them, in order."""
    return sorted({floor(edge) for edge in edges if floor(edge) != edge})


def rows_of(
    project: Project,
    span: tuple[datetime, datetime],
    hours: list[datetime],
    filters: Filters,
) -> QuerySet[UsageLog]:
    """The rows of ``hours`` that lie within the span."""
    start, end = span
    parts = [Q(ts__gte=max(hour, start), ts__lt=min(hour + _HOUR, end)) for hour in hours]
    counted = RollupState.objects.values("last_log_id")[:1]
    return UsageLog.objects.filter(
        reduce(or_, parts), filters.condition(), project=project, id__lte=counted
    )


def parts_of_hour(
    project: Project, span: tuple[datetime, datetime], hour: datetime, filters: Filters
) -> Iterator[UsageHourly]:
    """The sums of the part of ``hour`` that lies within the span, as the hourly sums would have
    them; ``hour`` of each is where that part begins. They are not stored."""
    rows = (
        rows_of(project, span, [hour], filters)
        .values_list(*columns(_DIMENSIONS))
        .annotate(**{f"log_{name}": sums for name, sums in _COLUMNS.items()})
        .order_by(*columns(_DIMENSIONS))
    )
    for values in rows:
        fields = dict(zip((*_DIMENSIONS, *_COLUMNS), values, strict=True))
        yield UsageHourly(project=project, hour=max(hour, span[0]), **fields)


def columns(names: Iterable[str]) -> list[str | Combinable]:
    """What to group rows by, so that values are those of the hourly sums."""
    texts: Mapping[str, Combinable] = _TEXTS
    return [texts.get(name, name) for name in names]


def dimension(by: str) -> str | Combinable:
    """The same for a dimension of ``filters``."""
    return columns([DIMENSIONS[by]])[0]
