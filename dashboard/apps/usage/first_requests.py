"""A new project's progress: its first request, and its first answer from the cache."""

from dataclasses import dataclass

from apps.projects.models import Project
from apps.usage.models import UsageLog
from shared import usage_events

HITS = (usage_events.HIT, usage_events.HIT_SEMANTIC, usage_events.HIT_COALESCED)
_LOOK_BACK = 50


@dataclass(frozen=True, slots=True)
class FirstRequests:
    """``first`` is the latest request that the provider answered, ``hit`` the latest hit."""

    first: UsageLog | None
    hit: UsageLog | None
    failed: UsageLog | None

    @property
    def step(self) -> str:
        """``waiting`` → ``seen`` (or ``failed``) → ``hit``."""
        if self.hit:
            return "hit"
        if self.first:
            return "seen"
        return "failed" if self.failed else "waiting"


def first_requests(project: Project) -> FirstRequests:
    """From the project's newest requests: one query on its index."""
    newest = list(
        UsageLog.objects.filter(project=project)
        .defer("prompt", "response", "decision")
        .order_by("-ts", "-id")[:_LOOK_BACK]
    )
    answered = [log for log in newest if log.status < 400]
    return FirstRequests(
        first=next((log for log in answered if log.cache_status not in HITS), None),
        hit=next((log for log in answered if log.cache_status in HITS), None),
        failed=next((log for log in newest if log.status >= 400), None),
    )
