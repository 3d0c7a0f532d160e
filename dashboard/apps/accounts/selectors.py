"""What a person may see. Every page's query starts here, from the person's memberships."""

from django.db.models import Count, Q, QuerySet

from apps.accounts.models import Membership, User
from apps.projects.models import Project


def projects_of(user: User) -> QuerySet[Project]:
    """Live projects of the user's organizations, with ``live_keys`` counted."""
    return (
        Project.objects.filter(organization__memberships__user=user, archived_at=None)
        .select_related("organization")
        .annotate(live_keys=Count("api_keys", filter=Q(api_keys__revoked_at=None)))
        .order_by("organization__name", "organization_id", "name")
    )


def memberships_of(user: User) -> QuerySet[Membership]:
    """The user's memberships with their organizations, the oldest first."""
    return Membership.objects.filter(user=user).select_related("organization__plan")
