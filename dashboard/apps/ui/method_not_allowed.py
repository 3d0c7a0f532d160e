"""A page for somebody who opens a URL that accepts only POST.

It happens in normal use: the session ends, a person presses a button, signs in again, and is
redirected to the form's URL. Django answers 405 without a body, and browsers show their own page.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_htmx.middleware import HtmxDetails


class MethodNotAllowedMiddleware:
    """After django-htmx's. Only what a browser shows as a page is changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """See the class."""
        response = self._get_response(request)
        if response.status_code != 405 or response.content or not _opened(request):
            return response
        page = render(request, "405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


def _opened(request: HttpRequest) -> bool:
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    return request.method == "GET" and not htmx and "text/html" in request.headers.get("Accept", "")
