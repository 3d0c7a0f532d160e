"""What a person may see of organizations. Queries start from the person's memberships."""

from allauth.account.models import EmailAddress
from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, User
from apps.accounts.models.invitation import token_hash


def memberships_of(user: User) -> QuerySet[Membership]:
    """The user's memberships with their organizations, the oldest first."""
    return Membership.objects.filter(user=user).select_related("organization__plan")


def open_invitation(token: str) -> Invitation | None:
    """The invitation of a link that still works, or None."""
    return _open_invitations().filter(token_hash=token_hash(token)).first()


def open_invitations_of(user: User) -> QuerySet[Invitation]:
    """Invitations to the person's address, if that address is verified. They are only shown;
    accepting one needs the link in its message.
    """
    if not address_is_proved(user):
        return Invitation.objects.none()
    return _open_invitations().filter(email=user.email).exclude(organization__members=user)


def address_is_proved(user: User) -> bool:
    """Whether the person has entered the code of the verification message."""
    found = EmailAddress.objects.filter(user=user, email=user.email, verified=True)
    return bool(found.exists())


def _open_invitations() -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        accepted_at=None, revoked_at=None, expires_at__gt=timezone.now()
    ).select_related("organization", "invited_by")
