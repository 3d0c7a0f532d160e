"""Times in the visitor's own zone: ``theme.js`` leaves its name in the cookie ``tz``."""

from collections.abc import Callable
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

COOKIE = "tz"


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


def zone_of(request: HttpRequest) -> ZoneInfo:
    """UTC when the cookie is missing or names no zone of the tz database."""
    name = request.COOKIES.get(COOKIE, "UTC")
    return ZoneInfo(name if name in _known() else "UTC")


class TimeZoneMiddleware:
    """Activates the visitor's zone wherever customers look; staff pages stay in UTC."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(("/app/", "/accounts/", "/dev/")):
            return self._get_response(request)
        with timezone.override(zone_of(request)):
            return self._get_response(request)
