"""What the cache did on the last days, from the hourly sums: the numbers of Overview and Usage."""

from bisect import bisect_right
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, tzinfo

from django.db.models import Sum

from apps.projects.models import Project
from apps.usage.models import UsageHourly
from apps.usage.period import latest_days
from shared.usage_events import HIT, HIT_COALESCED, HIT_SEMANTIC, REFUSED

DAYS = 7


@dataclass(frozen=True, slots=True)
class CacheDay:
    """All requests of one of the visitor's days, and those answered by each tier of the cache."""

    day: date
    requests: int
    exact: int
    semantic: int
    coalesced: int
    refused: int

    @property
    def rate(self) -> float | None:
        """Share of hits in what was not refused, None without such requests."""
        hits = self.exact + self.semantic + self.coalesced
        accepted = self.requests - self.refused
        return hits / accepted if accepted else None


def recent_days(project: Project, *, now: datetime, zone: tzinfo) -> list[CacheDay]:
    """The last seven days in ``zone``, today first. One query."""
    days, edges = latest_days(DAYS, now=now, zone=zone)
    found: list[Counter[str]] = [Counter() for _ in days]
    rows = UsageHourly.objects.filter(project=project, hour__gte=edges[0], hour__lt=edges[-1])
    sums = rows.values_list("hour", "cache_status").annotate(Sum("requests"))
    for hour, status, requests in sums:
        found[bisect_right(edges, hour) - 1][status] += requests
    return [
        CacheDay(
            day=day,
            requests=counted.total(),
            exact=counted[HIT],
            semantic=counted[HIT_SEMANTIC],
            coalesced=counted[HIT_COALESCED],
            refused=counted[REFUSED],
        )
        for day, counted in zip(reversed(days), reversed(found), strict=True)
    ]
