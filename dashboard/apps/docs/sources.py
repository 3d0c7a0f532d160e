"""The text of each page: a file with a few placeholders, or the API description as Markdown."""

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from django.conf import settings

from apps.accounts.models import Plan
from apps.docs.openapi import to_markdown
from apps.docs.pages import API_REFERENCE, Page
from apps.docs.plan_table import plan_table
from config import REPOSITORY

FOLDER = REPOSITORY / "docs" / "public"
OPENAPI_FILE = FOLDER / "openapi.json"
USAGE_API_FILE = FOLDER / "usage-api.json"
_PLACEHOLDER = re.compile(r"\{\{ (\w+) \}\}")

PLACEHOLDERS: dict[str, Callable[[], str]] = {
    "edge_url": lambda: str(settings.EDGE_BASE_URL),
    "base_url": lambda: f"{settings.EDGE_BASE_URL}/v1",
    "plans": lambda: plan_table(Plan.objects.filter(public=True)),
}
"""``{{ name }}`` in a page → what stands there when it is shown."""


def page_text(page: Page) -> str:
    """The page's Markdown with every placeholder filled. Raises ``KeyError`` for an unknown one."""
    if page.slug == API_REFERENCE:
        text = _api_reference()
    else:
        text = (FOLDER / f"{page.slug}.md").read_text(encoding="utf-8")
    return _PLACEHOLDER.sub(lambda found: PLACEHOLDERS[found[1]](), text)


def openapi() -> dict[str, Any]:
    """The API description, with this deployment's address as its server."""
    description: dict[str, Any] = json.loads(OPENAPI_FILE.read_text(encoding="utf-8"))
    return {**description, "servers": [{"url": settings.EDGE_BASE_URL}]}


@cache
def usage_api() -> dict[str, Any]:
    """The Usage API's description."""
    description: dict[str, Any] = json.loads(USAGE_API_FILE.read_text(encoding="utf-8"))
    return description


@cache
def _api_reference() -> str:
    return to_markdown(json.loads(OPENAPI_FILE.read_text(encoding="utf-8")))
