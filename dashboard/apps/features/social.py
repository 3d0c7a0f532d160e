"""Social log-in, where it is configured and not switched off."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect

from apps.features.catalogue import SOCIAL_LOGIN
from apps.features.selectors import enabled


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """Only the switch differs from allauth's own."""

    def list_providers(self, request: HttpRequest) -> list[Any]:
        """None while it is off, so that no page offers a button."""
        found: list[Any] = super().list_providers(request)
        return found if enabled(SOCIAL_LOGIN) else []

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Shows a message to somebody who had the page open or knows the address."""
        if not enabled(SOCIAL_LOGIN):
            messages.error(request, "Signing in that way is switched off for the moment.")
            raise ImmediateHttpResponse(redirect("account_login"))
        super().pre_social_login(request, sociallogin)
