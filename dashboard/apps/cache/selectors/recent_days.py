"""What the cache did on the last days, from the daily sums: the numbers of Overview and Usage."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Sum

from apps.projects.models import Project
from apps.usage.models import UsageDaily
from shared.usage_events import HIT, HIT_COALESCED, HIT_SEMANTIC

DAYS = 7


@dataclass(frozen=True, slots=True)
class CacheDay:
    """Requests of one UTC day: all of them, and those answered by each tier of the cache."""

    day: datetime
    requests: int
    exact: int
    semantic: int
    coalesced: int

    @property
    def rate(self) -> float | None:
        """Share of all that were hits, None without requests."""
        hits = self.exact + self.semantic + self.coalesced
        return hits / self.requests if self.requests else None


def recent_days(project: Project, now: datetime) -> list[CacheDay]:
    """The last seven days, today first. One query."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=back) for back in range(DAYS)]
    found: defaultdict[datetime, dict[str, int]] = defaultdict(dict)
    rows = UsageDaily.objects.filter(project=project, day__gte=days[-1])
    for day, status, requests in rows.values_list("day", "cache_status").annotate(Sum("requests")):
        found[day][status] = requests
    return [
        CacheDay(
            day=day,
            requests=sum(found[day].values()),
            exact=found[day].get(HIT, 0),
            semantic=found[day].get(HIT_SEMANTIC, 0),
            coalesced=found[day].get(HIT_COALESCED, 0),
        )
        for day in days
    ]
