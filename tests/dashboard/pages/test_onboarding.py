"""Onboarding: a project, a provider key, an API key shown once, and progress from the log."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import Organization, Plan
from apps.accounts.services.organizations import organization_update
from apps.projects.models import ApiKey, Project, ProviderCredential
from apps.projects.providers import PROVIDERS
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.snippets import snippets
from apps.usage.first_requests import first_requests
from gateway.providers.registry import PROVIDERS as KNOWN_TO_THE_EDGE
from shared import api_keys
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db


def test_a_new_project_leads_to_its_first_request(cast: Cast, organization: Organization) -> None:
    response = cast.admin.post("/app/acme/-/projects/new/", {"name": "Chat & more"})
    assert response["Location"] == "/app/acme/chat-more/start/"
    assert Project.objects.get(slug="chat-more").organization == organization


def test_the_plans_limit_is_explained(cast: Cast, organization: Organization) -> None:
    organization_update(organization=organization, actor=None, override_max_projects=0)
    page = cast.owner.post("/app/acme/-/projects/new/", {"name": "More"}).content.decode()
    assert "The Free plan allows 0 projects" in page
    assert not Project.objects.filter(name="More").exists()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_a_key_is_shown_once_inside_working_snippets(
    cast: Cast, home: str, headers: dict[str, str]
) -> None:
    response = cast.member.post(f"{home}start/key/", headers=headers)
    page = response.content.decode()
    (plaintext,) = set(re.findall(r"lgw_[0-9A-Za-z]{38}", page))
    key = ApiKey.objects.get()
    assert key.key_hash == api_keys.key_hash(plaintext, settings.API_KEY_PEPPER)
    assert f"{settings.EDGE_BASE_URL}/v1" in page
    assert "no-store" in response["Cache-Control"]
    assert plaintext not in cast.member.get(f"{home}start/").content.decode()


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_the_button_pressed_twice_makes_one_key(
    cast: Cast, home: str, headers: dict[str, str]
) -> None:
    page = cast.member.get(f"{home}start/").content.decode()
    found = re.search(r'name="new_id" value="([^"]+)"', page)
    assert found is not None
    cast.member.post(f"{home}start/key/", {"new_id": found[1]}, headers=headers)
    again = cast.member.post(f"{home}start/key/", {"new_id": found[1]}, headers=headers)
    assert (again.get("Location") or again["HX-Redirect"]) == f"{home}start/"
    assert "No further key" in cast.member.get(f"{home}start/").content.decode()
    assert ApiKey.objects.count() == 1
    assert cast.member.post(f"{home}start/key/", {"new_id": "x"}).status_code == 400


def test_a_provider_key_is_sealed_and_never_shown(cast: Cast, home: str) -> None:
    secret = "sk-onboarding-secret"
    response = cast.member.post(
        f"{home}start/provider/", {"provider": "groq", "secret": f" {secret} "}, follow=True
    )
    credential = ProviderCredential.objects.get()
    assert credential.provider == "groq"
    assert credential.last4 == "cret"
    assert secret not in response.content.decode() + credential.envelope
    refused = cast.member.post(
        f"{home}start/provider/", {"provider": "openai", "secret": "two words"}
    ).content.decode()
    assert "does not look like a provider" in refused
    assert "two words" not in refused
    assert ProviderCredential.objects.count() == 1


def test_the_providers_offered_are_those_the_edge_knows() -> None:
    assert {name for name, _ in PROVIDERS} == set(KNOWN_TO_THE_EDGE)


@pytest.mark.parametrize(
    ("rows", "step"),
    [
        ([], "waiting"),
        ([{"status": 401}], "failed"),
        ([{"status": 401}, {"cache_status": "MISS"}], "seen"),
        ([{"cache_status": "HIT", "status": 429}], "failed"),
        ([{"cache_status": "MISS"}, {"cache_status": "HIT"}], "hit"),
        ([{"cache_status": "MISS"}, {"cache_status": "HIT-SEMANTIC"}], "hit"),
    ],
)
def test_progress_follows_the_log(
    cast: Cast, home: str, created_key: CreatedApiKey, rows: list[dict[str, Any]], step: str
) -> None:
    for row in rows:
        usage_row(created_key.api_key, **{"ts": datetime.now(UTC), **row}).save()
    assert first_requests(created_key.api_key.project).step == step
    part = cast.viewer.get(f"{home}start/status/").content.decode()
    assert f'data-step="{step}"' in part
    assert ("hx-trigger" in part) == (step != "hit")


def test_progress_is_one_query(created_key: CreatedApiKey, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        first_requests(created_key.api_key.project)


def test_snippets_hold_the_real_values_and_are_valid_python() -> None:
    for snippet in snippets("https://edge.example.com", "lgw_key"):
        assert "lgw_key" in snippet.code
        assert "https://edge.example.com" in snippet.code
        assert "{" + "base}" not in snippet.code
        if snippet.install.startswith("pip"):
            compile(snippet.code, snippet.slug, "exec")


def test_home_goes_to_the_project_opened_last(
    cast: Cast, home: str, organization: Organization
) -> None:
    organization_update(organization=organization, actor=None, plan=Plan.objects.get(slug="pro"))
    cast.owner.post("/app/acme/-/projects/new/", {"name": "Another"})
    assert cast.owner.get("/app/")["Location"] == "/app/acme/another/"
    cast.owner.get(home)
    assert cast.owner.get("/app/")["Location"] == home
