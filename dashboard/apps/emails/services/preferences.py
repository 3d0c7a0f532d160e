"""Which optional messages a person gets."""

from collections.abc import Collection

from django.db import transaction

from apps.accounts.models import User
from apps.emails.kinds import OPTIONAL
from apps.emails.models import OptOut


@transaction.atomic
def preferences_set(*, user: User, wanted: Collection[str]) -> None:
    """``wanted`` are the kinds to get; all other optional kinds are declined."""
    OptOut.objects.filter(user=user, kind__in=list(wanted)).delete()
    for kind in OPTIONAL.keys() - set(wanted):
        OptOut.objects.get_or_create(user=user, kind=kind)


def opt_out(*, user: User, kind: str) -> None:
    """Stops messages of this kind. Idempotent."""
    OptOut.objects.get_or_create(user=user, kind=kind)
