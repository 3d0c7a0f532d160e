"""Counting visits with Simple Analytics, where its domain is configured.

Only views that are marked ``counted`` load its script and get its two hosts into their policy:
pages whose addresses say nothing about anybody. No page of an account, an organization or staff is
marked. The script sets no cookie, and does not count browsers that ask not to be tracked.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_SCRIPTS = "https://scripts.simpleanalyticscdn.com"
_QUEUE = "https://queue.simpleanalyticscdn.com"
_POLICY = {"script-src": [_SCRIPTS], "connect-src": [_QUEUE], "img-src": [_QUEUE]}


def counted(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """For a page in public; ``base.html`` loads the script when ``request.counted_as`` is set."""

    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.SIMPLE_ANALYTICS_DOMAIN:
            return view(request, *args, **kwargs)
        request.counted_as = settings.SIMPLE_ANALYTICS_DOMAIN  # type: ignore[attr-defined]
        return csp_update(_POLICY)(view)(request, *args, **kwargs)

    return page
