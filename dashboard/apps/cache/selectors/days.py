"""Semantic hits of the last days and what the checks of them found, as a chart."""

from collections import defaultdict
from datetime import UTC, timedelta

from django.db.models import Sum
from django.utils import timezone

from apps.projects.models import Project
from apps.ui import charts
from apps.ui.templatetags.ui import axis, number
from apps.usage.models import SemanticDaily

DAYS = 30


def daily_chart(project: Project) -> charts.Chart:
    """One query, from the daily sums; days are UTC's."""
    today = timezone.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    rows = (
        SemanticDaily.objects.filter(project=project, day__gte=days[0])
        .values_list("day")
        .annotate(Sum("hits"), Sum("checked"), Sum("wrong"))
    )
    found: defaultdict[object, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    found.update({day: (hits, checked, wrong) for day, hits, checked, wrong in rows})
    sums = [found[day] for day in days]
    return charts.stacked(
        "Semantic hits",
        [f"{day:%b} {day.day}" for day in days],
        [
            charts.Series("Not checked", "fill-8", [hits - checked for hits, checked, _ in sums]),
            charts.Series(
                "Checked, same answer", "fill-hit", [checked - wrong for _, checked, wrong in sums]
            ),
            charts.Series("Checked, another answer", "fill-error", [wrong for *_, wrong in sums]),
        ],
        form=number,
        axis=axis,
    )
