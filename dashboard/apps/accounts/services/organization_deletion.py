"""Deleting an organization: its projects go as each does by itself, its members at once.

The row, its invoices and its audit log stay, for the books. Sums of usage go with the projects a
day later (``apps.projects.services.project_deletion``), as nobody is left whose month must add up.
"""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Organization, User
from apps.accounts.services.organizations import organization_update
from apps.audit.services import audit_record
from apps.billing.models import Subscription
from apps.projects.models import Project
from apps.projects.services.project_deletion import project_delete


@transaction.atomic
def organization_delete(*, organization: Organization, actor: User) -> None:
    """Raises ``ValidationError`` while a subscription would go on to charge."""
    running = Subscription.objects.filter(customer__organization=organization, ended_at=None)
    if any(row.is_live and row.cancel_at is None for row in running):
        raise ValidationError("Cancel the subscription first, on the Billing page.")
    for project in Project.objects.filter(organization=organization, deletion_requested_at=None):
        project_delete(project=project, actor=actor)
    now = timezone.now()
    organization.webhook_endpoints.filter(disabled_at=None).update(disabled_at=now)
    Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None).update(
        revoked_at=now
    )
    organization_update(organization=organization, actor=actor, disabled_at=now)
    audit_record(
        action="organization.delete",
        actor=actor,
        target=organization,
        organization=organization,
    )
    Membership.objects.filter(organization=organization).delete()
