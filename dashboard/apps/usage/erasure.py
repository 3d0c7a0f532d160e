"""Erasing deleted projects, a day after they were deleted.

The day is for requests that the edge is still writing down (it would be told that their project
does not exist, and with them a whole batch), and for a change of mind with support's help. Sums of
usage stay: they hold no content, and the organization's month must add up. Where nobody is left in
the organization, they go, too.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.projects.models import Project
from apps.usage.models import (
    SemanticDaily,
    UsageDaily,
    UsageHourly,
    UsageLatencyHourly,
    UsageLog,
)
from apps.usage.retention import BATCH, log_delete_batch

GRACE = timedelta(days=1)


def projects_erase_due() -> int:
    """Erases projects whose day is over; returns how many are gone. Goes on where it stopped."""
    due = Project.objects.filter(deletion_requested_at__lte=timezone.now() - GRACE)
    gone = 0
    for project in due:
        while log_delete_batch(project.pk) == BATCH:
            pass
        with transaction.atomic():
            if UsageLog.objects.filter(project=project).exists():
                continue  # not counted by the rollup yet: the next run finishes
            UsageLatencyHourly.objects.filter(project=project).delete()
            SemanticDaily.objects.filter(project=project).delete()
            if not project.organization.memberships.exists():
                UsageHourly.objects.filter(project=project).delete()
                UsageDaily.objects.filter(project=project).delete()
            project.delete()
            gone += 1
    return gone
