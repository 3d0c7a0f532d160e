"""Visits are counted where a domain is configured, on pages in public, and nowhere else."""

from typing import Any

import pytest
from django.test import Client

from config import env
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.pages.test_account import COMPLETE

pytestmark = pytest.mark.django_db
HOST = "simpleanalyticscdn.com"
PUBLIC = ("/", "/pricing/", "/docs/", "/docs/quickstart/")
PRIVATE = (
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/docs/search/?q=x",
)


@pytest.mark.parametrize("path", [*PUBLIC, *PRIVATE])
def test_nothing_is_counted_unless_configured(client: Client, path: str) -> None:
    page = client.get(path)
    assert HOST not in page.content.decode() + page["Content-Security-Policy"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_counted_under_the_configured_domain(
    client: Client, settings: Any, path: str
) -> None:
    settings.SIMPLE_ANALYTICS_DOMAIN = "watchllm.example"
    page = client.get(path)
    assert 'data-hostname="watchllm.example"' in page.content.decode()
    policy = page["Content-Security-Policy"]
    assert f"script-src 'self' https://scripts.{HOST};" in policy + ";"
    assert f"connect-src 'self' https://queue.{HOST};" in policy + ";"


def test_no_page_of_a_person_or_an_organization_is(
    client: Client, cast: Cast, home: str, settings: Any
) -> None:
    settings.SIMPLE_ANALYTICS_DOMAIN = "watchllm.example"
    pages = [client.get(path) for path in PRIVATE]
    pages += [cast.owner.get(path) for path in (home, "/app/acme/-/team/", "/accounts/email/")]
    for page in pages:
        assert page.status_code == 200
        assert HOST not in page.content.decode() + page["Content-Security-Policy"]


def test_only_a_domain_name_is_taken() -> None:
    with pytest.raises(env.SettingError, match="SIMPLE_ANALYTICS_DOMAIN"):
        env.parse(COMPLETE | {"SIMPLE_ANALYTICS_DOMAIN": "https://x.example/"})
