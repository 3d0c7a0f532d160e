"""Noticing a sign-in from a browser that was not seen before.

Each browser keeps a random cookie for a year, and its hash is stored per person. Addresses and user
agents are not used: they change in normal use and can be copied. A person's first device causes no
message.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import user_logged_in
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.emails import links
from apps.emails.messages import account
from apps.emails.models import KnownDevice
from apps.emails.services.outbox import email_enqueue
from apps.ui.browsers import browser_name

COOKIE = "watchllm_device"
_YEAR_SECONDS = 365 * 24 * 60 * 60
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,64}")


class DeviceMiddleware:
    """Gives a browser its cookie with the answer to its first sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """See the class."""
        response = self._get_response(request)
        token = getattr(request, "new_device_token", None)
        if token:
            response.set_cookie(
                COOKIE,
                token,
                max_age=_YEAR_SECONDS,
                httponly=True,
                secure=settings.SESSION_COOKIE_SECURE,
                samesite="Lax",
            )
        return response


def token_hash(request: HttpRequest) -> str | None:
    """Of the browser's cookie; None without one."""
    token = request.COOKIES.get(COOKIE, "")
    return hashlib.sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else None


def is_known(request: HttpRequest, email: str) -> bool:
    """Whether this browser has signed in to the account of ``email`` (any of its addresses)
    before."""
    known_by = token_hash(request)
    if known_by is None:
        return False
    account = Q(user__email=email) | Q(
        user__emailaddress__email=email, user__emailaddress__verified=True
    )
    return KnownDevice.objects.filter(account, token_hash=known_by).exists()


def connect() -> None:
    """Listen to sign-ins."""
    user_logged_in.connect(_signed_in, dispatch_uid="emails.devices")


@transaction.atomic
def _signed_in(request: HttpRequest, user: User, **_details: Any) -> None:
    token = request.COOKIES.get(COOKIE, "")
    if not _TOKEN.fullmatch(token):
        token = secrets.token_urlsafe(32)
        request.new_device_token = token  # type: ignore[attr-defined]
    is_first = not KnownDevice.objects.filter(user=user).exists()
    device, created = KnownDevice.objects.get_or_create(
        user=user, token_hash=hashlib.sha256(token.encode()).hexdigest()
    )
    if not created or is_first:
        return
    email_enqueue(
        to=user.email,
        content=account.new_device(
            when=f"{timezone.now():%-d %B %Y, %H:%M} UTC",
            browser=browser_name(request.META.get("HTTP_USER_AGENT", "")),
            address=get_adapter().get_client_ip(request),
            password_url=links.absolute(reverse("account_change_password")),
        ),
        dedupe_key=f"new_device:{device.pk}",
        user=user,
    )
