"""Deleting a project: its keys and its cache end at once, its rows later (``usage.erasure``)."""

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.projects.models import Project
from apps.projects.models.project import new_salt
from apps.projects.services.projects import project_archive


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
