"""Ends the visit when the staff member signs out."""

from typing import Any

from django.contrib.auth.signals import user_logged_out

from apps.accounts.models import User
from apps.impersonation.models import Impersonation
from apps.impersonation.services import impersonation_end


def connect() -> None:
    """Listen to sign-outs."""
    user_logged_out.connect(_signed_out, dispatch_uid="impersonation.signed_out")


def _signed_out(user: User | None, **_details: Any) -> None:
    if user is None or not user.is_staff:
        return
    for running in Impersonation.objects.filter(staff=user, ended_at=None):
        impersonation_end(impersonation=running, how="signed out")
