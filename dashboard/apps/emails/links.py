"""Absolute addresses for messages, which are read outside of any request."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from apps.accounts.models import User

_SALT = "emails.unsubscribe"


def absolute(path: str) -> str:
    """``path`` on the dashboard's public address."""
    return f"{settings.DASHBOARD_BASE_URL}{path}"


def unsubscribe(user: User, kind: str) -> str:
    """Signed, so that it works without a log-in and for this person and kind alone."""
    token = signing.dumps({"user": user.pk, "kind": kind}, salt=_SALT)
    return absolute(reverse("email_unsubscribe", args=[token]))


def read_unsubscribe(token: str) -> tuple[int, str]:
    """User id and kind. Raises ``django.core.signing.BadSignature``."""
    data = signing.loads(token, salt=_SALT)
    return int(data["user"]), str(data["kind"])
