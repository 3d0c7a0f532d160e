"""Sums for the pages, from the rollups. Money stays integer nano-USD throughout."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum, Value

from apps.projects.models import ApiKey, Project
from apps.usage import edges
from apps.usage.buckets import Bucket
from apps.usage.filters import DIMENSIONS, Filters
from apps.usage.latency import bucket_of, percentile
from apps.usage.models import UsageDaily, UsageHourly, UsageLatencyHourly
from apps.usage.period import Period, floor
from shared import usage_events

HITS = frozenset({usage_events.HIT, usage_events.HIT_SEMANTIC, usage_events.HIT_COALESCED})
_HIT = Q(cache_status__in=HITS)
_REFUSED = Q(cache_status=usage_events.REFUSED)
_DAY = timedelta(days=1)
SUMS = {
    "sum_requests": Sum("requests"),
    "sum_hits": Sum("requests", filter=_HIT, default=0),
    "sum_refused": Sum("requests", filter=_REFUSED, default=0),
    "sum_errors": Sum("errors"),
    "sum_unpriced": Sum("unpriced_requests"),
    "sum_prompt": Sum("prompt_tokens"),
    "sum_completion": Sum("completion_tokens"),
    "sum_saved_tokens": Sum(F("prompt_tokens") + F("completion_tokens"), filter=_HIT, default=0),
    "sum_cost": Sum("cost_nanousd"),
    "sum_saved": Sum("saved_nanousd"),
    "sum_prompt_cache_saved": Sum("prompt_cache_saved_nanousd"),
    "sum_prompt_cache_overpaid": Sum("prompt_cache_overpaid_nanousd"),
}
"""Of hourly and daily sums, in the order of the fields of ``Sums``."""


@dataclass(frozen=True, slots=True)
class Sums:
    """Of any set of requests. ``saved_tokens`` are those of answers from the cache. The provider's
    prompt cache saved ``prompt_cache_saved_nanousd`` on some requests, which is in their cost, and
    cost ``prompt_cache_overpaid_nanousd`` more on others.

    ``refused``: those of ``requests`` that WatchLLM refused, which no cache could have answered.
    """

    requests: int = 0
    hits: int = 0
    refused: int = 0
    errors: int = 0
    unpriced_requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    saved_tokens: int = 0
    cost_nanousd: int = 0
    saved_nanousd: int = 0
    prompt_cache_saved_nanousd: int = 0
    prompt_cache_overpaid_nanousd: int = 0

    def __add__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    def __sub__(self, other: "Sums") -> "Sums":
        return Sums(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens

    @property
    def hit_rate(self) -> float | None:
        """Share of the requests that were not refused, from 0 to 1; None without one."""
        return self.hits / self.accepted if self.accepted else None

    @property
    def accepted(self) -> int:
        return self.requests - self.refused

    @property
    def error_rate(self) -> float | None:
        return self.errors / self.requests if self.requests else None


_NOTHING = Sums()


@dataclass(frozen=True, slots=True)
class Breakdown:
    """``cells[bucket][value]`` and ``totals[value]``, where value is one of the dimension's."""

    cells: list[dict[str, Sums]]
    totals: dict[str, Sums]

    @property
    def total(self) -> Sums:
        return add(self.totals.values())


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles in ms, None without requests; right to within a bucket (about 15 %)."""

    p50: int | None
    p95: int | None


def add(sums: Iterable[Sums]) -> Sums:
    return sum(sums, Sums())


def breakdown(project: Project, period: Period, filters: Filters, by: str) -> Breakdown:
    """Per bucket of the period and per value of dimension ``by``: one query, and another one where
    an edge lies within an hour."""
    broken = edges.broken_hours(period.edges)
    rows = (
        _hours(project, period.start, period.end, filters)
        .exclude(hour__in=broken)
        .annotate(bucket=Bucket("hour", period.edges))
        .values_list("bucket", DIMENSIONS[by])
        .annotate(**SUMS)
        .order_by()
    )
    found: list[QuerySet[Any, Any]] = [rows]
    if broken:
        found.append(
            edges.rows_of(project, (period.start, period.end), broken, filters)
            .annotate(bucket=Bucket("ts", period.edges))
            .values_list("bucket", edges.dimension(by))
            .annotate(**edges.SUMS)
            .order_by()
        )
    cells: list[dict[str, Sums]] = [{} for _ in range(period.buckets)]
    totals: dict[str, Sums] = {}
    for bucket, value, *values in chain.from_iterable(found):
        name, sums = str(value), Sums(*values)
        cells[bucket][name] = cells[bucket].get(name, _NOTHING) + sums
        totals[name] = totals.get(name, _NOTHING) + sums
    return Breakdown(cells, totals)


def totals(
    project: Project, span: tuple[datetime, datetime], filters: Filters, by: str = "status"
) -> dict[str, Sums]:
    """One query: per value of dimension ``by`` over the whole span."""
    found: dict[str, Sums] = {}
    for value, *values in _union(project, span, filters, DIMENSIONS[by], sums=True):
        name, sums = str(value), Sums(*values)
        found[name] = found.get(name, _NOTHING) + sums
    return found


def latency(project: Project, period: Period) -> dict[str, Latency]:
    """One query: ``hit`` (answers from the cache) and ``miss`` (answers through the provider).

    Requests that were refused are neither.
    """
    span = (period.start, period.end)
    broken = edges.broken_hours(span)
    rows: QuerySet[Any, Any] = (
        UsageLatencyHourly.objects.filter(project=project, hour__gte=span[0], hour__lt=span[1])
        .exclude(_REFUSED | Q(hour__in=broken))
        .values_list("cache_status", "bucket", Value(0))
        .annotate(Sum("requests"))
        .order_by()
    )
    if broken:
        times = (
            edges.rows_of(project, span, broken, Filters())
            .exclude(_REFUSED)
            .values_list("cache_status", "latency_ms", Value(1))
            .annotate(Count("id"))
            .order_by()
        )
        rows = rows.union(times, all=True)
    counts: dict[str, dict[int, int]] = {"hit": {}, "miss": {}}
    for status, number, in_ms, requests in rows:
        bucket = bucket_of(number) if in_ms else number
        # Coalesced requests wait for the provider like the miss they join.
        kind = "hit" if status in (usage_events.HIT, usage_events.HIT_SEMANTIC) else "miss"
        counts[kind][bucket] = counts[kind].get(bucket, 0) + requests
    return {
        kind: Latency(percentile(buckets, 0.5), percentile(buckets, 0.95))
        for kind, buckets in counts.items()
    }


def choices(project: Project, period: Period) -> dict[str, list[str]]:
    """One query: the values of each dimension that occur in the period, for the filter menus."""
    names = ("model", "provider", "endpoint", "key")
    columns = [DIMENSIONS[name] for name in names]
    found: dict[str, set[str]] = {name: set() for name in names}
    for row in _union(project, (period.start, period.end), Filters(), *columns, sums=False):
        for name, value in zip(names, row, strict=True):
            found[name].add(str(value))
    return {name: sorted(values) for name, values in found.items()}


def key_names(project: Project) -> dict[str, str]:
    """One query: what each API key of the project is called, by id; revoked ones too."""
    return {str(key.pk): str(key) for key in ApiKey.objects.filter(project=project)}


def hourly_rows(project: Project, period: Period, filters: Filters) -> Iterator[UsageHourly]:
    """What the usage page shows, unsummed and in order: the export. Where the period begins or ends
    within an hour, the part of it that lies in the period, which is not stored."""
    order = ("hour", "api_key_id", "endpoint", "provider", "model", "cache_status")
    span = (period.start, period.end)
    broken = edges.broken_hours(span)
    hours = _hours(project, *span, filters).exclude(hour__in=broken).order_by(*order)
    parts = {hour: edges.parts_of_hour(project, span, hour, filters) for hour in broken}
    if floor(period.start) in parts:
        yield from parts.pop(floor(period.start))
    yield from hours.iterator(chunk_size=2_000)
    for rows in parts.values():
        yield from rows


def _hours(
    project: Project, start: datetime, end: datetime, filters: Filters
) -> QuerySet[UsageHourly]:
    return UsageHourly.objects.filter(
        filters.condition(), project=project, hour__gte=start, hour__lt=end
    )


def _union(
    project: Project,
    span: tuple[datetime, datetime],
    filters: Filters,
    *columns: str,
    sums: bool,
) -> QuerySet[Any, Any]:
    """The span's full UTC days from the daily sums, its edges from the hours, and from the log's
    rows where they lie within an hour: one query."""
    start, end = span
    broken = edges.broken_hours(span)
    first = start + (_midnight(start) - start) % _DAY
    last = max(_midnight(end), first)
    days = UsageDaily.objects.filter(
        filters.condition(), project=project, day__gte=first, day__lt=last
    )
    hours = _hours(project, start, end, filters).filter(Q(hour__lt=first) | Q(hour__gte=last))
    made = SUMS if sums else {}
    parts: list[QuerySet[Any, Any]] = [
        hours.exclude(hour__in=broken).values_list(*columns).annotate(**made).order_by()
    ]
    if broken:
        parts.append(
            edges.rows_of(project, span, broken, filters)
            .values_list(*edges.columns(columns))
            .annotate(**(edges.SUMS if sums else {}))
            .order_by()
        )
    return days.values_list(*columns).annotate(**made).order_by().union(*parts, all=sums)


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
