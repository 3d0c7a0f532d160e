"""Creating, withdrawing and accepting invitations."""

import secrets
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Organization, User
from apps.accounts.models.invitation import token_hash
from apps.accounts.services.memberships import membership_create
from apps.accounts.signals import invitation_created
from apps.audit.services import audit_record

VALID = timedelta(days=7)
_MOST_OPEN = 50
"""Open invitations of one organization: enough for any team, too few to send spam with."""


@transaction.atomic
def invitation_create(
    *, organization: Organization, email: str, role: str, actor: User
) -> Invitation:
    """Sends a link that is good for a week. An open invitation of the same person is replaced.

    Raises ``ValidationError`` for a member, and when too many are open.
    """
    email = email.lower()
    if Membership.objects.filter(organization=organization, user__email=email).exists():
        raise ValidationError("This person is a member already.")
    now = timezone.now()
    # Locked, so that two simultaneous requests cannot pass the limit together.
    Organization.objects.select_for_update().get(pk=organization.pk)
    still_open = Invitation.objects.filter(
        organization=organization, accepted_at=None, revoked_at=None
    )
    still_open.filter(email=email).update(revoked_at=now)
    if still_open.filter(expires_at__gt=now).count() >= _MOST_OPEN:
        raise ValidationError("Too many invitations are open. Withdraw some first.")
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        organization=organization,
        email=email,
        role=role,
        token_hash=token_hash(token),
        invited_by=actor,
        expires_at=now + VALID,
    )
    invitation.full_clean()
    invitation.save()
    audit_record(
        action="invitation.create",
        actor=actor,
        target=invitation,
        organization=organization,
        data={"email": email, "role": role},
    )
    invitation_created.send(sender=Invitation, invitation=invitation, token=token)
    return invitation


@transaction.atomic
def invitation_revoke(*, invitation: Invitation, actor: User) -> None:
    """The link stops working. Withdrawing twice changes nothing."""
    changed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
        revoked_at=timezone.now()
    )
    if changed:
        audit_record(
            action="invitation.revoke",
            actor=actor,
            target=invitation,
            organization=invitation.organization,
            data={"email": invitation.email},
        )


@transaction.atomic
def invitation_accept(*, invitation: Invitation, user: User) -> Membership:
    """Makes the invited person a member.

    Raises ``ValidationError`` when the invitation is not open, or is another person's.
    """
    locked = Invitation.objects.select_for_update(of=("self",)).select_related("organization")
    found = locked.get(pk=invitation.pk)
    now = timezone.now()
    if found.accepted_at or found.revoked_at or found.expires_at <= now:
        raise ValidationError("This invitation is no longer open. Ask for a new one.")
    if found.email != user.email:
        raise ValidationError(f"This invitation is for {found.email}. Sign in with that address.")
    membership = membership_create(
        organization=found.organization, user=user, role=found.role, actor=user
    )
    found.accepted_at = now
    found.save(update_fields=["accepted_at"])
    return membership
