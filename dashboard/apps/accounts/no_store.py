"""Keeps account pages out of every cache, the browser's too: they show codes, keys and
addresses."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

_PREFIX = "/accounts/"


class NoStoreMiddleware:
    """``Cache-Control: no-store`` on every answer under ``/accounts/``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """See the class."""
        response = self._get_response(request)
        if request.path.startswith(_PREFIX):
            add_never_cache_headers(response)
        return response
