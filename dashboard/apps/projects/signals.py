"""Updates projects when their organization changes or is deleted."""

from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import Organization, User
from apps.accounts.signals import key_records_changed, organization_deleting
from apps.projects.edge_sync import edge_revision_bump
from apps.projects.models import Project
from apps.projects.services.project_deletion import project_delete


def connect() -> None:
    """Called once, when the apps are ready."""
    key_records_changed.connect(_bump, dispatch_uid="projects.key_records")
    organization_deleting.connect(_delete, dispatch_uid="projects.organization_deleting")


def _bump(organizations: QuerySet[Organization], **_details: Any) -> None:
    edge_revision_bump(Project.objects.filter(organization__in=organizations))


def _delete(organization: Organization, actor: User, **_details: Any) -> None:
    for project in Project.objects.filter(organization=organization, deletion_requested_at=None):
        project_delete(project=project, actor=actor)
