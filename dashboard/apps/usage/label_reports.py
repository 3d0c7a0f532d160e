"""Sums by the values of a label, from the hourly sums of charted labels.

A label may have 100,000 values: the database picks the largest, and only they come out of it.
"""

from dataclasses import dataclass

from django.db.models import F, QuerySet, Sum

from apps.projects.models import Project
from apps.usage.buckets import Bucket
from apps.usage.models import LabelHourly
from apps.usage.period import Period
from apps.usage.reports import SUMS, Sums, add

_SUMS = {name: each for name, each in SUMS.items() if not name.startswith("sum_prompt_cache_")}
"""What the sums by label have: the last fields of ``Sums`` stay 0."""
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
    """``mean_ms``: of all requests of the value, hits too."""

    value: str
    sums: Sums
    mean_ms: int


@dataclass(frozen=True, slots=True)
class LabelReport:
    """The largest values, and all others as one. ``cells[bucket]`` has a ``Sums`` for each of the
    ``DRAWN`` largest, then one for the rest."""

    values: list[LabelValue]
    other: Sums
    total: Sums
    cells: list[list[Sums]]


def label_report(project: Project, period: Period, name: str, metric: str) -> LabelReport:
    """Three queries."""
    rows = LabelHourly.objects.filter(
        project=project, name=name, hour__gte=period.start, hour__lt=period.end
    )
    values = [
        LabelValue(value, Sums(*sums), milliseconds // sums[0])
        for value, milliseconds, _, *sums in rows.values_list("value")
        .annotate(milliseconds=Sum("latency_ms_sum"), order=_ORDERS[metric], **_SUMS)
        .order_by("-order", "value")[:LISTED]
    ]
    total = Sums(*(found or 0 for found in rows.aggregate(**_SUMS).values()))
    other = total - add(each.sums for each in values)
    return LabelReport(values, other, total, _cells(rows, period, values[:DRAWN]))


def _cells(
    rows: QuerySet[LabelHourly], period: Period, drawn: list[LabelValue]
) -> list[list[Sums]]:
    names = {each.value: position for position, each in enumerate(drawn)}
    cells = [[Sums()] * (len(drawn) + 1) for _ in range(period.buckets)]
    in_buckets = rows.annotate(bucket=Bucket("hour", period.edges))
    named = in_buckets.filter(value__in=names).values_list("bucket", "value").annotate(**_SUMS)
    for bucket, value, *sums in named.order_by():
        cells[bucket][names[value]] = Sums(*sums)
    for bucket, *sums in in_buckets.values_list("bucket").annotate(**_SUMS).order_by():
        cells[bucket][-1] = Sums(*sums) - add(cells[bucket][:-1])
    return cells
