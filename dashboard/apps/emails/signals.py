"""Messages about what the audit log records, and about sign-ups and sign-ins.

The audit log is written in the transaction of each change, so a listener on it writes its message
in that transaction too, and the services that make the changes need not know of messages.
"""

from typing import Any

from allauth.account.signals import user_signed_up
from django.conf import settings
from django.db.models.signals import post_save
from django.urls import reverse

from apps.accounts.models import Invitation, Role, User
from apps.accounts.signals import invitation_created
from apps.audit.models import AuditLog
from apps.emails import devices, links
from apps.emails.messages import account, usage
from apps.emails.services.outbox import email_enqueue, emails_enqueue_for
from apps.projects.models import Project


def connect() -> None:
    """Called once, when the apps are ready."""
    devices.connect()
    user_signed_up.connect(_signed_up, dispatch_uid="emails.signed_up")
    invitation_created.connect(_invited, dispatch_uid="emails.invited")
    post_save.connect(_recorded, sender=AuditLog, dispatch_uid="emails.audit")


def _signed_up(user: User, **_details: Any) -> None:
    email_enqueue(
        to=user.email,
        content=account.welcome(
            name=user.get_short_name(),
            base_url=f"{settings.EDGE_BASE_URL}/v1",
            app_url=links.absolute(reverse("app_home")),
        ),
        dedupe_key=f"welcome:{user.pk}",
        user=user,
    )


def _invited(invitation: Invitation, token: str, **_details: Any) -> None:
    organization, inviter = invitation.organization, invitation.invited_by
    email_enqueue(
        to=invitation.email,
        content=account.invitation(
            organization=organization.name,
            inviter=inviter.get_full_name() if inviter else organization.name,
            role=Role(invitation.role).label.lower(),
            url=links.absolute(reverse("invitation", args=[token])),
        ),
        dedupe_key=f"invitation:{invitation.pk}",
        organization=organization,
    )


def _recorded(instance: AuditLog, *, created: bool, **_details: Any) -> None:
    # An entry of the system's own is a seed's or a job's; a person's is worth a look by others.
    if not created or instance.action != "api_key.create" or instance.actor_id is None:
        return
    project = Project.objects.select_related("organization").get(pk=str(instance.project_id))
    organization = project.organization
    emails_enqueue_for(
        organization=organization,
        roles=(Role.OWNER, Role.ADMIN),
        content=usage.key_created(
            organization=organization.name,
            project=project.name,
            key=str(instance.data.get("masked", "")),
            by=instance.actor_label,
            keys_url=links.absolute(
                reverse("project_keys", args=[organization.slug, project.slug])
            ),
        ),
        dedupe_key=f"key_created:{instance.target_id}",
    )
