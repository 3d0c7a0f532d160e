"""Deleting a project: its keys and its cache end at once, its rows a day later.

The day is for requests that the edge is still writing down (it would be told that their project
does not exist, and with them a whole batch), and for a change of mind with support's help. Sums of
usage stay: they hold no content, and the organization's month must add up. Where nobody is left in
the organization, they go, too.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.projects.models import Project
from apps.projects.models.project import new_salt
from apps.projects.services.projects import project_archive
from apps.usage.models import (
    SemanticDaily,
    UsageDaily,
    UsageHourly,
    UsageLatencyHourly,
    UsageLog,
)
from apps.usage.retention import BATCH, log_delete_batch

GRACE = timedelta(days=1)


@transaction.atomic
def project_delete(*, project: Project, actor: User | None) -> None:
    """From now on its keys are refused, and no cache entry of it can be opened."""
    # The key of the cache is derived from the salt; without it the entries are noise.
    Project.objects.filter(pk=project.pk).update(
        data_key_salt=new_salt(), deletion_requested_at=timezone.now()
    )
    project.refresh_from_db()
    project_archive(project=project, actor=actor)
    audit_record(
        action="project.delete",
        actor=actor,
        target=project,
        organization=project.organization,
        project_id=project.pk,
    )


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
