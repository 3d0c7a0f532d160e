"""A toast from an htmx response; ordinary responses use ``django.contrib.messages``."""

from typing import Literal

from django.http import HttpResponse
from django_htmx.http import trigger_client_event

Level = Literal["info", "success", "warning", "error"]


def with_toast(response: HttpResponse, text: str, level: Level = "success") -> HttpResponse:
    """``app.js`` shows ``text`` when htmx receives the response."""
    trigger_client_event(response, "toast", {"text": text, "level": level})
    return response
