"""Erasing deleted projects, a day after they were deleted.

The day gives the edge time to deliver the project's last usage rows (a row of a project that does
not exist would be refused, and its whole batch with it), and lets support undo the deletion. Sums
of usage stay: they hold no content, and the organization's month must add up. They are erased, too,
when the organization has no members left.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.projects.models import Project
from apps.usage.models import (
    LabelHourly,
    SemanticHourly,
    UsageDaily,
    UsageHourly,
    UsageLatencyHourly,
    UsageLog,
)
from apps.usage.retention import BATCH, log_delete_batch

GRACE = timedelta(days=1)


def projects_erase_due() -> int:
    """Erases projects whose day is over; returns how many. Continues an interrupted erasure."""
    due = Project.objects.filter(deletion_requested_at__lte=timezone.now() - GRACE)
    gone = 0
    for project in due:
        while log_delete_batch(project.pk) == BATCH:
            pass
        with transaction.atomic():
            if UsageLog.objects.filter(project=project).exists():
                continue  # rows that the rollup has not counted yet stay; the next run erases them
            UsageLatencyHourly.objects.filter(project=project).delete()
            SemanticHourly.objects.filter(project=project).delete()
            LabelHourly.objects.filter(project=project).delete()
            if not project.organization.memberships.exists():
                UsageHourly.objects.filter(project=project).delete()
                UsageDaily.objects.filter(project=project).delete()
            project.delete()
            gone += 1
    return gone
