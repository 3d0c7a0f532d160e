"""Latency by the values of a label: exact percentiles, from the log's rows.

No histograms are kept by label: with many values they would be as large as the log. So percentiles
are told where the rows are few enough to be read for a page.
"""

from collections.abc import Mapping
from functools import reduce
from operator import or_

from django.db.models import Count, F, Q, QuerySet, Window
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import RowNumber

from apps.projects.models import Project
from apps.usage.label_filter import has_label
from apps.usage.models import UsageLog
from apps.usage.patience import TooSlowError, patience
from apps.usage.period import Period
from apps.usage.reports import Latency
from shared.usage_events import REFUSED

MOST_ROWS = 200_000
"""Requests of which percentiles are computed for one page."""


def label_latencies(
    project: Project, period: Period, name: str, requests: Mapping[str, int]
) -> dict[str, Latency]:
    """Of the values in ``requests`` (with how many each has, as the sums say), each one's
    percentiles; empty where that would be too many rows. One query, or none.
    """
    if not requests or sum(requests.values()) > MOST_ROWS:
        return {}
    rows = UsageLog.objects.filter(
        reduce(or_, (has_label(name, value) for value in requests)),
        project=project,
        ts__gte=period.start,
        ts__lt=period.end,
    )
    try:
        with patience():
            return latencies(rows, name)
    except TooSlowError:
        return {}


def latencies(rows: QuerySet[UsageLog], name: str) -> dict[str, Latency]:
    """By the value of label ``name``; requests that were refused took no time at a provider and are
    left out. One query."""
    by_value = [KeyTextTransform(name, "labels")]
    count = Window(Count("id"), partition_by=by_value)
    places = rows.exclude(cache_status=REFUSED).annotate(
        value=KeyTextTransform(name, "labels"),
        place=Window(RowNumber(), partition_by=by_value, order_by=[F("latency_ms").asc()]),
        # The smallest latency that so many percent of the requests do not exceed.
        middle=(count * 50 + 99) / 100,
        high=(count * 95 + 99) / 100,
    )
    found: dict[str, list[int]] = {}
    wanted = places.filter(Q(place=F("middle")) | Q(place=F("high")))
    for value, milliseconds in wanted.values_list("value", "latency_ms"):
        found.setdefault(value, []).append(milliseconds)
    # One row where both percentiles are the same request's.
    return {value: Latency(min(two), max(two)) for value, two in found.items()}
