"""An htmx request after the session has ended redirects the whole page to the sign-in page.

htmx follows a redirect by itself and would insert the sign-in page into a part of the page. On a
page that refreshes itself, that would happen to everybody who leaves it open for long enough.
"""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails


class SignedOutMiddleware:
    """After django-htmx's. Signing in leads back to the page, not to the part of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """See the class."""
        response = self._get_response(request)
        htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
        if not htmx or response.status_code != 302:
            return response
        login = resolve_url("account_login")
        asked_to = urlsplit(response.headers["Location"]).path
        if asked_to not in (login, resolve_url("admin:login")):
            return response
        page = htmx.current_url_abs_path or resolve_url("app_home")
        return HttpResponseClientRedirect(f"{login}?{urlencode({REDIRECT_FIELD_NAME: page})}")
