"""Semantic hits of the last days and what the checks of them found, as a chart."""

from bisect import bisect_right
from datetime import datetime, tzinfo

from django.db.models import Sum

from apps.projects.models import Project
from apps.ui import charts
from apps.ui.templatetags.ui import axis, number
from apps.usage.models import SemanticHourly
from apps.usage.period import latest_days

DAYS = 30


def daily_chart(project: Project, *, now: datetime, zone: tzinfo) -> charts.Chart:
    """The last days in ``zone``, from the hourly sums. One query."""
    days, edges = latest_days(DAYS, now=now, zone=zone)
    unchecked, same, wrong = ([0] * DAYS for _ in range(3))
    rows = (
        SemanticHourly.objects.filter(project=project, hour__gte=edges[0], hour__lt=edges[-1])
        .values_list("hour")
        .annotate(Sum("hits"), Sum("checked"), Sum("wrong"))
    )
    for hour, hits, checked, differed in rows:
        day = bisect_right(edges, hour) - 1
        unchecked[day] += hits - checked
        same[day] += checked - differed
        wrong[day] += differed
    return charts.stacked(
        "Semantic hits",
        [f"{day:%b} {day.day}" for day in days],
        [
            charts.Series("Not checked", "fill-8", unchecked),
            charts.Series("Checked, same answer", "fill-hit", same),
            charts.Series("Checked, another answer", "fill-error", wrong),
        ],
        form=number,
        axis=axis,
    )
