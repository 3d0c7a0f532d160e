"""Junk in every query parameter and every form field of every page: an answer, never a crash."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

import apps
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.pages.routes import signed_in_routes, url_of

pytestmark = [pytest.mark.django_db, pytest.mark.spread]

ROUTES = sorted(signed_in_routes(), key=lambda item: item[0])
JUNK = (
    *("", "x", "-1", "99999999999999999999", "9" * 5000, "1e309", "nan", "a\x00b", "ü" * 300),
    *("[]", "[" * 5000, "{}", "null", "9999-12-31", "<script>'\"", "../.."),
)
DATES = ("2026-13-45", "0001-01-01", "9999-12-31")
_FIELD = re.compile(r'<(?:input|select|textarea)[^>]*\sname="([^"]+)"')
_PARAMETER = re.compile(r'(?:GET|params|dict\(\))\.get(?:list)?\("(\w+)"')


def parameters() -> list[str]:
    """Every query parameter that a view reads."""
    root = Path(next(iter(apps.__path__)))
    return sorted(
        {name for file in root.rglob("*.py") for name in _PARAMETER.findall(file.read_text())}
    )


def crashes(client: Client, method: str, url: str, data: dict[str, str]) -> str | None:
    """What went wrong, if it was ours; what was written is taken back."""
    with transaction.atomic():
        response = getattr(client, method)(url, data)
        transaction.set_rollback(True)
    if response.status_code < 500:
        return None
    values = {name: value[:20] for name, value in list(data.items())[:2]}
    return f"{url} {values}: {getattr(response, 'exc_info', ('', ''))[1]!r}"


@pytest.fixture
def client(cast: Cast) -> Client:
    """The owner, whose pages answer 500 as in production."""
    cast.owner.raise_request_exception = False
    return cast.owner


def test_in_the_query(client: Client, known: dict[str, Any]) -> None:
    names = parameters()
    assert {"period", "from", "to", "at", "q", "model"} <= {*names, "model"}
    asked = [dict.fromkeys(names, junk) for junk in JUNK]
    asked += [{"period": "custom", "from": junk, "to": junk} for junk in DATES]
    asked += [{"period": "custom", "from": "0001-01-01", "to": "9999-12-31"}]
    asked += [{name: "9" * 25} for name in names]
    wrong = []
    for route, pattern in ROUTES:
        url = url_of(route, pattern, known)
        if client.get(url).status_code == 405:
            continue
        wrong += [found for data in asked if (found := crashes(client, "get", url, data))]
    assert not wrong, "\n".join(wrong)


def test_in_a_form(client: Client, known: dict[str, Any]) -> None:
    fields = set()
    for route, pattern in ROUTES:
        page = client.get(url_of(route, pattern, known))
        if page.status_code == 200 and not page.streaming:
            fields |= set(_FIELD.findall(page.content.decode()))
    assert {"name", "expires_at", "routes", "secret", "confirmation"} <= fields
    asked = [dict.fromkeys(fields, junk) for junk in JUNK]
    wrong = []
    for route, pattern in ROUTES:
        url = url_of(route, pattern, known)
        if client.post(url).status_code != 405:
            wrong += [found for data in asked if (found := crashes(client, "post", url, data))]
    assert not wrong, "\n".join(wrong)
