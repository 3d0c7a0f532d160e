"""What a person reads when something is refused; how it looks is for the browser tests."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.test import Client
from django.views.defaults import bad_request, server_error

from apps.accounts.models import Organization
from tests.dashboard.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def test_a_role_too_low_names_the_one_it_takes(cast: Cast, organization: Organization) -> None:
    page = cast.viewer.get(f"/app/{organization.slug}/-/audit/")
    assert page.status_code == 403
    assert "It takes the role Admin or a higher one" in page.content.decode()


def test_what_does_not_exist_and_what_is_anothers_look_the_same(cast: Cast, home: str) -> None:
    pages = [cast.stranger.get(url) for url in ("/app/acme/search/", "/app/acme/none/", "/none/")]
    assert {page.status_code for page in pages} == {404}
    for page in pages:
        assert "Or it belongs to an organization you are not a member of" in page.content.decode()
        assert "Acme" not in page.content.decode()


def test_make_run_shows_the_products_own_page_too(cast: Cast, home: str, settings: Any) -> None:
    settings.DEBUG = True
    settings.MIDDLEWARE = [*settings.MIDDLEWARE, "apps.ui.not_found.NotFoundMiddleware"]
    for url in (home, "/none/"):
        page = cast.stranger.get(url)
        assert page.status_code == 404
        assert "This page does not exist" in page.content.decode()
        assert "URLconf" not in page.content.decode()


def test_a_form_without_its_token_is_explained() -> None:
    page = Client(enforce_csrf_checks=True).post("/accounts/login/", {"login": "x"})
    assert page.status_code == 403
    assert "This form is out of date" in page.content.decode()


def test_an_address_that_takes_forms_only(cast: Cast, home: str) -> None:
    """Where somebody lands who had to sign in again after pressing a button."""
    url, browser = (
        f"{home}settings/delete/",
        {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
    )
    page = cast.owner.get(url, headers=browser)
    assert (page.status_code, page["Allow"]) == (405, "POST")
    assert "Go to the dashboard" in page.content.decode()
    assert Organization.objects.exists()
    outside = Client().get("/impersonation/stop/", headers=browser)
    assert (outside.status_code, "To the start page" in outside.content.decode()) == (405, True)
    for headers in ({"Accept": "application/json"}, browser | {"HX-Request": "true"}):
        assert cast.owner.get(url, headers=headers).content == b""


def test_a_part_of_a_page_after_the_session_has_ended_leads_to_signing_in(home: str) -> None:
    """htmx would put the whole sign-in page into the part."""
    shown = f"{home}cache/entries/?period=30d"
    htmx = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{shown}"}
    part = Client().get(f"{home}cache/entries/top/?period=30d", headers=htmx)
    assert (part.status_code, part.content) == (200, b"")
    assert part["HX-Redirect"] == f"/accounts/login/?{urlencode({'next': shown})}"
    elsewhere = htmx | {"HX-Current-URL": "https://evil.example/x"}
    assert Client().get(home, headers=elsewhere)["HX-Redirect"].endswith("?next=%2Fapp%2F")
    health = "/admin/staff/healthreport/"
    staff = htmx | {"HX-Current-URL": f"http://testserver{health}"}
    part = Client().get(health, headers=staff)
    assert part["HX-Redirect"] == f"/accounts/login/?{urlencode({'next': health})}"
    page = Client().get(shown)
    assert (page.status_code, "HX-Redirect" in page) == (302, False)


def test_too_many_attempts_are_explained(client: Client) -> None:
    cache.clear()  # allauth counts there
    for _ in range(40):
        page = client.post("/accounts/password/reset/", {"email": "someone@example.com"})
        if page.status_code == 429:
            break
    cache.clear()
    assert page.status_code == 429
    assert "Wait a few minutes" in page.content.decode()


def test_broken_and_senseless_requests_need_neither_request_nor_database(
    django_assert_num_queries: object, rf: object
) -> None:
    request = rf.get("/")  # type: ignore[attr-defined]
    with django_assert_num_queries(0):  # type: ignore[operator]
        broken = server_error(request)
        senseless = bad_request(request, ValueError())
    assert (broken.status_code, senseless.status_code) == (500, 400)
    assert "Something broke on our side" in broken.content.decode()
    assert "could not be understood" in senseless.content.decode()
