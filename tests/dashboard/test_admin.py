"""The staff site, used as a staff member would: its home, projects, keys and the request log."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.models import AuditLog
from apps.projects.models import ApiKey, Project, ProviderCredential
from apps.projects.services.api_keys import CreatedApiKey, api_key_revoke
from apps.projects.services.provider_credentials import provider_credential_create
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from shared import api_keys
from tests.dashboard.conftest import form_data
from tests.dashboard.staff_forms import change, errors
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db


LISTS = [
    f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    for model in admin.site._registry
    if model._meta.app_label in {"accounts", "projects", "usage", "audit"}
]


def test_all_pages_are_there() -> None:
    assert len(LISTS) == 9


@pytest.mark.parametrize("name", LISTS)
def test_every_list_opens_searches_and_is_closed_to_customers(
    name: str, staff_client: Client, owner: User, created_key: CreatedApiKey
) -> None:
    provider_credential_create(
        project=created_key.api_key.project, provider="openai", secret="sk-12345678", actor=None
    )
    UsageLog.objects.bulk_create([usage_row(created_key.api_key)])
    usage_rollup()
    assert staff_client.get(reverse(name)).status_code == 200
    assert staff_client.get(reverse(name), {"q": "acme"}).status_code == 200
    customer = Client()
    customer.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert customer.get(reverse(name)).status_code in (302, 403)
    assert Client().get(reverse(name)).status_code == 302


def test_staff_log_in_through_allauth(client: Client, staff: User) -> None:
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[-1][0].startswith("/accounts/login/")
    response = client.post(
        response.redirect_chain[-1][0], {"login": staff.email, "password": "password-1234"}
    )
    assert (response.status_code, response["Location"]) == (302, "/admin/")


def test_the_home_shows_today(staff_client: Client, created_key: CreatedApiKey) -> None:
    noon = timezone.now().replace(hour=12)  # no midnight comes in between
    UsageLog.objects.bulk_create(
        usage_row(created_key.api_key, ts=noon, cache_status=status, saved_nanousd=10**9)
        for status in ("HIT", "HIT-SEMANTIC", "MISS", "MISS")
    )
    usage_rollup()
    with time_machine.travel(noon, tick=False):
        text = re.sub(r"\s+", " ", staff_client.get("/admin/").content.decode())
    assert re.search(r"Requests today.*?>4<", text)
    assert "50.0%" in text
    assert "$4.00" in text
    assert "4 requests, 2 hits" in text


def test_the_home_shows_savings_below_a_cent(
    staff_client: Client, created_key: CreatedApiKey
) -> None:
    usage_row(created_key.api_key, ts=timezone.now(), saved_nanousd=4_800_000).save()
    usage_rollup()
    assert "$0.004800" in staff_client.get("/admin/").content.decode()


def test_the_home_without_traffic_shows_a_dash(staff_client: Client) -> None:
    assert "—" in staff_client.get("/admin/").content.decode()


def test_project_settings_are_saved_by_the_service(staff_client: Client, project: Project) -> None:
    change(staff_client, project, ttl_seconds="60", semantic_mode="balanced")
    stored = Project.objects.get(pk=project.pk)
    assert (stored.ttl_seconds, stored.semantic_mode) == (60, "balanced")
    assert stored.edge_revision == project.edge_revision + 1
    assert AuditLog.objects.get(action="project.update").data.keys() == {
        "ttl_seconds",
        "semantic_mode",
    }


def test_budgets_are_typed_in_dollars(
    staff_client: Client, project: Project, created_key: CreatedApiKey
) -> None:
    objects: tuple[Any, ...] = (project, created_key.api_key)
    for obj in objects:
        change(staff_client, obj, monthly_budget_nanousd="12.5")
        obj.refresh_from_db()
        assert obj.monthly_budget_nanousd == 12_500_000_000
        url = reverse(f"admin:projects_{obj._meta.model_name}_change", args=[obj.pk])
        assert 'value="12.50"' in staff_client.get(url).content.decode()


def test_saving_a_form_rounds_no_budget(staff_client: Client, project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(monthly_budget_nanousd=1_234_567_891)
    change(staff_client, project, ttl_seconds="60")
    project.refresh_from_db()
    assert (project.ttl_seconds, project.monthly_budget_nanousd) == (60, 1_234_567_891)


def test_adding_a_key_shows_it_once(staff_client: Client, project: Project) -> None:
    url = reverse("admin:projects_apikey_add")
    data = form_data(staff_client.get(url)) | {"project": str(project.pk), "name": "CI"}
    response = staff_client.post(url, data)
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    page = response.content.decode()
    (plaintext,) = {word for word in re.findall(r"lgw_\w+", page) if api_keys.well_formed(word)}
    api_key = ApiKey.objects.get(name="CI")
    assert api_key.last4 == plaintext[-4:]
    assert api_key.key_hash not in page
    for path in (
        reverse("admin:projects_apikey_changelist"),
        reverse("admin:projects_apikey_change", args=[api_key.pk]),
        reverse("admin:projects_apikey_history", args=[api_key.pk]),
        reverse("admin:audit_auditlog_changelist"),
    ):
        later = staff_client.get(path).content.decode()
        assert plaintext not in later
        assert api_key.key_hash not in later
    assert plaintext not in str(dict(staff_client.session)) + str(staff_client.cookies)


def test_revoking_keys_from_the_list(staff_client: Client, created_key: CreatedApiKey) -> None:
    api_key = created_key.api_key
    data = {"action": "revoke", "_selected_action": [str(api_key.pk)]}
    response = staff_client.post(reverse("admin:projects_apikey_changelist"), data, follow=True)
    assert "1 keys revoked" in response.content.decode()
    api_key.refresh_from_db()
    assert api_key.revoked_at is not None


def test_a_revoked_key_cannot_be_edited(staff_client: Client, created_key: CreatedApiKey) -> None:
    api_key = api_key_revoke(api_key=created_key.api_key, actor=None)
    url = reverse("admin:projects_apikey_change", args=[api_key.pk])
    staff_client.post(url, {"name": "Alive again"})
    api_key.refresh_from_db()
    assert api_key.name == "Server"


def test_a_provider_key_goes_in_and_is_never_shown(staff_client: Client, project: Project) -> None:
    url = reverse("admin:projects_providercredential_add")
    data = form_data(staff_client.get(url)) | {
        "project": str(project.pk),
        "provider": "openai",
        "secret": "sk-very-secret-9876",
    }
    response = staff_client.post(url, data)
    assert response.status_code == 302, errors(response)
    credential = ProviderCredential.objects.get()
    page = staff_client.get(
        reverse("admin:projects_providercredential_change", args=[credential.pk])
    ).content.decode()
    assert "…9876" in page
    assert credential.envelope not in page
    assert "sk-very-secret" not in page
    change(staff_client, credential, priority="3")
    credential.refresh_from_db()
    assert credential.priority == 3
    data = {"action": "disable", "_selected_action": [str(credential.pk)]}
    staff_client.post(reverse("admin:projects_providercredential_changelist"), data)
    credential.refresh_from_db()
    assert credential.disabled_at is not None


def test_the_request_log_finds_by_id_and_shows_no_prompt(
    staff_client: Client, created_key: CreatedApiKey
) -> None:
    wanted = usage_row(created_key.api_key, prompt="very private", cost_nanousd=1_500)
    wanted.save()
    UsageLog.objects.bulk_create(usage_row(created_key.api_key) for _ in range(3))
    url = reverse("admin:usage_usagelog_changelist")
    response = staff_client.get(url, {"q": wanted.request_id})
    assert [log.pk for log in response.context["cl"].result_list] == [wanted.pk]
    page = staff_client.get(reverse("admin:usage_usagelog_change", args=[wanted.pk]))
    assert "$0.000002" in page.content.decode()
    assert "very private" not in page.content.decode()


def test_the_request_log_is_paged_without_counting(
    staff_client: Client, created_key: CreatedApiKey, django_assert_max_num_queries: Any
) -> None:
    UsageLog.objects.bulk_create(usage_row(created_key.api_key) for _ in range(60))
    url = reverse("admin:usage_usagelog_changelist")
    with django_assert_max_num_queries(8) as captured:
        first = staff_client.get(url)
    assert not any("COUNT(" in query["sql"] for query in captured.captured_queries)
    assert len(first.context["cl"].result_list) == 50
    assert len(staff_client.get(url, {"p": "2"}).context["cl"].result_list) == 10


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"outcome": "ok"}, {"a"}),
        ({"outcome": "client"}, {"b"}),
        ({"outcome": "server"}, {"c"}),
        ({"cache_status__exact": "HIT"}, {"a"}),
    ],
)
def test_filters_of_the_request_log(
    staff_client: Client,
    created_key: CreatedApiKey,
    filters: dict[str, str],
    expected: set[str],
) -> None:
    UsageLog.objects.bulk_create(
        usage_row(created_key.api_key, request_id=name, status=status, cache_status=cache)
        for name, status, cache in (("a", 200, "HIT"), ("b", 429, "BYPASS"), ("c", 502, "MISS"))
    )
    response = staff_client.get(reverse("admin:usage_usagelog_changelist"), filters)
    assert {log.request_id for log in response.context["cl"].result_list} == expected


@pytest.mark.parametrize("model", ["usage_usagelog", "usage_usagehourly", "audit_auditlog"])
def test_logs_cannot_be_added_or_deleted(
    staff_client: Client, created_key: CreatedApiKey, model: str
) -> None:
    UsageLog.objects.bulk_create([usage_row(created_key.api_key)])
    usage_rollup()
    rows = staff_client.get(reverse(f"admin:{model}_changelist")).context["cl"].result_list
    assert staff_client.get(reverse(f"admin:{model}_add")).status_code == 403
    path = reverse(f"admin:{model}_delete", args=[rows[0].pk])
    assert staff_client.post(path, {"post": "yes"}).status_code == 403


def test_an_expired_key_says_so(staff_client: Client, created_key: CreatedApiKey) -> None:
    api_key = created_key.api_key
    api_key.expires_at = timezone.now() - timedelta(minutes=1)
    api_key.save()
    page = staff_client.get(reverse("admin:projects_apikey_changelist")).content.decode()
    assert "expired" in page
