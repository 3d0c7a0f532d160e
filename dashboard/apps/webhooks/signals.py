"""Webhook events about what the audit log records, written in the same transaction. Endpoints of a
deleted organization are disabled."""

from typing import Any

from django.db.models.signals import post_save
from django.utils import timezone

from apps.accounts.models import Organization
from apps.accounts.signals import organization_deleting
from apps.audit.models import AuditLog
from apps.webhooks.models import WebhookEndpoint
from apps.webhooks.services.emit import event_emit

_ACTIONS = {"api_key.create": "api_key.created", "api_key.revoke": "api_key.revoked"}


def connect() -> None:
    """Called once, when the apps are ready."""
    post_save.connect(_recorded, sender=AuditLog, dispatch_uid="webhooks.audit")
    organization_deleting.connect(_disable, dispatch_uid="webhooks.organization_deleting")


def _recorded(instance: AuditLog, *, created: bool, **_details: Any) -> None:
    event = _ACTIONS.get(instance.action)
    if not created or event is None or instance.organization_id is None:
        return
    event_emit(
        organization=Organization.objects.get(pk=instance.organization_id),
        event=event,
        data={
            "api_key_id": instance.target_id,
            "project_id": str(instance.project_id),
            "masked": instance.data.get("masked"),
            "by": instance.actor_label,
        },
    )


def _disable(organization: Organization, **_details: Any) -> None:
    running = WebhookEndpoint.objects.filter(organization=organization, disabled_at=None)
    running.update(disabled_at=timezone.now())
