"""Deletes the evidence in Redis of a project that is erased."""

from typing import Any

from django.db.models.signals import pre_delete

from apps.cache.services.evidence import evidence_delete
from apps.projects.models import Project


def connect() -> None:
    """Called once, when the apps are ready."""
    pre_delete.connect(_delete, sender=Project, dispatch_uid="cache.project_erased")


def _delete(instance: Project, **_details: Any) -> None:
    evidence_delete(instance)
