"""Sums by the values of a label, from the hourly sums of charted labels.

A label may have 100,000 values: the database picks the largest, and only they come out of it.
"""

from dataclasses import dataclass

from django.db.models import F, QuerySet, Sum

from apps.projects.models import Project
from apps.usage.buckets import Bucket
from apps.usage.label_latency import label_latencies
from apps.usage.models import LabelHourly
from apps.usage.period import Period
from apps.usage.reports import SUMS, Latency, Sums, add

_UNKNOWN = Latency(None, None)
LISTED = 50
DRAWN = 7

_ORDERS = {
    "requests": Sum("requests"),
    "cost": Sum("cost_nanousd"),
    "saved": Sum("saved_nanousd"),
    "tokens": Sum(F("prompt_tokens") + F("completion_tokens")),
    "errors": Sum("errors"),
}
"""By metric of the usage page."""


@dataclass(frozen=True, slots=True)
class LabelValue:
    """``latency``: of all requests of the value that were not refused, hits too; its percentiles
    are None where they are too many."""

    value: str
    sums: Sums
    latency: Latency


@dataclass(frozen=True, slots=True)
class LabelReport:
    """The largest values, and all others as one. ``cells[bucket]`` has a ``Sums`` for each of the
    ``DRAWN`` largest, then one for the rest."""

    values: list[LabelValue]
    other: Sums
    total: Sums
    cells: list[list[Sums]]


def label_report(project: Project, period: Period, name: str, metric: str) -> LabelReport:
    """At most five queries."""
    rows = LabelHourly.objects.filter(
        project=project, name=name, hour__gte=period.start, hour__lt=period.end
    )
    largest = {
        value: Sums(*sums)
        for value, _, *sums in rows.values_list("value")
        .annotate(order=_ORDERS[metric], **SUMS)
        .order_by("-order", "value")[:LISTED]
    }
    accepted = {value: sums.accepted for value, sums in largest.items()}
    latencies = label_latencies(project, period, name, accepted)
    values = [
        LabelValue(value, sums, latencies.get(value, _UNKNOWN)) for value, sums in largest.items()
    ]
    total = Sums(*(found or 0 for found in rows.aggregate(**SUMS).values()))
    other = total - add(each.sums for each in values)
    return LabelReport(values, other, total, _cells(rows, period, values[:DRAWN]))


def _cells(
    rows: QuerySet[LabelHourly], period: Period, drawn: list[LabelValue]
) -> list[list[Sums]]:
    names = {each.value: position for position, each in enumerate(drawn)}
    cells = [[Sums()] * (len(drawn) + 1) for _ in range(period.buckets)]
    in_buckets = rows.annotate(bucket=Bucket("hour", period.edges))
    named = in_buckets.filter(value__in=names).values_list("bucket", "value").annotate(**SUMS)
    for bucket, value, *sums in named.order_by():
        cells[bucket][names[value]] = Sums(*sums)
    for bucket, *sums in in_buckets.values_list("bucket").annotate(**SUMS).order_by():
        cells[bucket][-1] = Sums(*sums) - add(cells[bucket][:-1])
    return cells
