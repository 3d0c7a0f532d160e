"""The answers that were served most often, from the request log."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Sum

from apps.projects.models import Project
from apps.usage.models import UsageLog
from apps.usage.patience import patience
from apps.usage.period import Period
from shared.usage_events import HITS

MOST = 25


@dataclass(frozen=True, slots=True)
class TopEntry:
    """``saved_nanousd`` is None where no hit had a price; ``log_id`` is of the last hit's row."""

    cache_key: str
    model: str
    log_id: int | None
    hits: int
    saved_nanousd: int | None
    last_hit: datetime


def top_entries(project: Project, period: Period) -> list[TopEntry]:
    """Two queries, the first over the index of hits alone. Raises ``TooSlowError``."""
    hits = UsageLog.objects.filter(
        project=project, cache_status__in=HITS, ts__gte=period.start, ts__lt=period.end
    )
    with patience():
        top = list(
            hits.filter(cache_key__isnull=False)
            .values_list("cache_key")
            .annotate(times=Count("*"), saved=Sum("saved_nanousd"), last=Max("ts"))
            .order_by("-times", "cache_key")[:MOST]
        )
    # The last hit of each tells its model: found on the index by its time.
    latest = hits.filter(ts__in={ts for *_, ts in top}, cache_key__in=[key for key, *_ in top])
    columns = ("cache_key", "model", "pk")
    known = {key: (model or "", pk) for key, model, pk in latest.values_list(*columns)}
    return [
        TopEntry(key, *known.get(key, ("", None)), count, saved, ts)
        for key, count, saved, ts in top
    ]
