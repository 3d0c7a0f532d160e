"""The product's own 404 page while ``DEBUG`` is on.

``make run`` is where people look at the product first. Django's page for developers lists every
route to whoever mistypes an address; the log has the path for those who need it.
"""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.views.defaults import page_not_found


class NotFoundMiddleware:
    """Installed with ``DEBUG`` only: without it, Django shows ``404.html`` by itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """See the class. What a view made itself, such as JSON, stays."""
        response = self._get_response(request)
        if response.status_code != 404 or "text/html" not in response.headers["Content-Type"]:
            return response
        return page_not_found(request, Http404())
