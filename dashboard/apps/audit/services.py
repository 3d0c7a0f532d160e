"""Writing the audit log."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model

from apps.audit.behalf import acting_staff
from apps.audit.models import AuditLog

SYSTEM = "system"


def audit_record(
    *,
    action: str,
    actor: AbstractBaseUser | None,
    target: Model,
    organization: Model | None = None,
    project_id: UUID | None = None,
    data: dict[str, Any] | None = None,
) -> AuditLog:
    """``action`` is ``<entity>.<verb>``; without an actor the entry is the system's own.

    Call it inside the transaction of the change, so that both are committed or neither.
    """
    label = str(actor) if actor else SYSTEM
    staff = acting_staff()
    if staff is not None and actor is not None:
        actor, label = staff, f"{staff} as {label}"[:254]
    return AuditLog.objects.create(
        action=action,
        actor_id=actor.pk if actor else None,
        actor_label=label,
        organization_id=organization.pk if organization else None,
        project_id=project_id,
        target_type=target._meta.model_name or "",
        target_id=str(target.pk),
        target_label=str(target)[:254],
        data=data or {},
    )
