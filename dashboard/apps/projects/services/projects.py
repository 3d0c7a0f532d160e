"""Changes to projects."""

import secrets
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from apps.accounts.models import Organization, User
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record
from apps.projects.edge_sync import edge_revision_bump
from apps.projects.models import Project


class ProjectLimitReachedError(Exception):
    """The organization's plan allows no further project."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The plan allows {limit} projects.")
        self.limit = limit


@transaction.atomic
def project_create(
    *,
    organization: Organization,
    name: str,
    actor: User | None,
    slug: str | None = None,
    **values: Any,
) -> Project:
    """``values`` are settings of the model.

    Raises ``ProjectLimitReachedError`` and ``ValidationError``.
    """
    # Locked, so that two simultaneous requests cannot both take the last place; without a join,
    # which would lose an organization whose plan changes while this waits.
    locked = Organization.objects.select_for_update().get(pk=organization.pk)
    limit = locked.limits.max_projects
    existing = Project.objects.filter(organization=organization)
    if limit is not None and existing.filter(archived_at=None).count() >= limit:
        raise ProjectLimitReachedError(limit)
    project = Project(
        organization=organization, name=name, slug=slug or _free_slug(organization, name), **values
    )
    project.full_clean()
    project.save()
    audit_record(
        action="project.create",
        actor=actor,
        target=project,
        organization=organization,
        project_id=project.pk,
    )
    return project


@transaction.atomic
def project_update(*, project: Project, actor: User | None, **values: Any) -> Project:
    """Sets settings of the project; the edge applies them to the next request."""
    changes = apply_changes(project, values)
    if changes:
        edge_revision_bump(Project.objects.filter(pk=project.pk))
        project.refresh_from_db(fields=["edge_revision"])
        audit_record(
            action="project.update",
            actor=actor,
            target=project,
            organization=project.organization,
            project_id=project.pk,
            data=changes,
        )
    return project


def project_archive(*, project: Project, actor: User | None) -> Project:
    """Its keys stop working; nothing is deleted. Archiving twice changes nothing."""
    if project.archived_at is not None:
        return project
    return project_update(project=project, actor=actor, archived_at=timezone.now())


def _free_slug(organization: Organization, name: str) -> str:
    base = slugify(name)[:50] or "project"
    if not Project.objects.filter(organization=organization, slug=base).exists():
        return base
    return f"{base}-{secrets.token_hex(3)}"
