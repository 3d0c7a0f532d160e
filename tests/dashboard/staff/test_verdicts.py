"""What people said of semantic hits, as staff read it over all organizations."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.services.organizations import organization_create
from apps.cache.models import SemanticVerdict
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.services.projects import project_create
from tests.dashboard.pages.conftest import signed_in
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:cache_semanticverdict_changelist")


def _verdict(project: Project, name: str, **values: Any) -> SemanticVerdict:
    defaults = {
        "cache_key": name * 64,
        "namespace": "default",
        "model": "gpt-4o-mini",
        "bin": 5,
        "wrong": False,
        "given_at": timezone.now(),
        "actor_label": "owner@example.com",
    }
    return SemanticVerdict.objects.create(project=project, request_id=name, **defaults | values)


@pytest.fixture
def verdicts(created_key: CreatedApiKey) -> None:
    """One wrong from the API, one right of another organization, one old."""
    api_key = created_key.api_key
    somebody = User.objects.create_user("somebody@example.com")
    other = organization_create(name="Other Ltd", owner=somebody, actor=somebody)
    elsewhere = project_create(organization=other, name="Elsewhere", actor=somebody)
    _verdict(api_key.project, "a", wrong=True, api_key_id=api_key.pk, bin=6)
    _verdict(elsewhere, "b", model="claude-haiku-4-5")
    _verdict(api_key.project, "c", given_at=timezone.now() - timedelta(days=20))


def _shown(client: Client, **params: str) -> list[str]:
    found = client.get(PAGE, params).context["cl"].result_list
    return [verdict.request_id for verdict in found]


@pytest.mark.usefixtures("verdicts")
def test_of_every_organization_the_last_first(staff_client: Client) -> None:
    assert _shown(staff_client) == ["c", "b", "a"]
    page = staff_client.get(PAGE).content.decode()
    assert "Other Ltd" in page
    assert "0.95 – 1" in page
    assert f"{reverse('admin:usage_usagelog_changelist')}?q=a" in page


@pytest.mark.usefixtures("verdicts")
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"verdict": "wrong"}, ["a"]),
        ({"verdict": "right"}, ["c", "b"]),
        ({"verdict": "nonsense"}, ["c", "b", "a"]),
        ({"source": "api"}, ["a"]),
        ({"source": "dashboard"}, ["c", "b"]),
        ({"model__icontains": "claude"}, ["b"]),
        ({"given_at__gte": f"{timezone.now() - timedelta(days=7)}"}, ["b", "a"]),
        ({"q": " b "}, ["b"]),
        ({"q": "c" * 64}, ["c"]),
        ({"q": "B"}, []),
    ],
)
def test_filters(staff_client: Client, params: dict[str, str], expected: list[str]) -> None:
    assert _shown(staff_client, **params) == expected


@pytest.mark.usefixtures("verdicts")
def test_nobody_edits_them_and_no_customer_sees_them(staff_client: Client, owner: User) -> None:
    one = SemanticVerdict.objects.get(request_id="a")
    page = reverse("admin:cache_semanticverdict_change", args=[one.pk])
    assert "wrong hit" in staff_client.get(page).content.decode()
    assert staff_client.post(page, {"namespace": "x"}).status_code == 403
    assert staff_client.post(page.replace("change", "delete")).status_code == 403
    assert staff_client.get(reverse("admin:cache_semanticverdict_add")).status_code == 403
    assert signed_in(owner).get(PAGE).status_code in (302, 403)
    one.refresh_from_db()
    assert one.namespace == "default"


def test_as_many_queries_for_many_as_for_one(staff_client: Client, project: Project) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            staff_client.get(PAGE)
        return len(captured)

    _verdict(project, "first")
    staff_client.get(PAGE)
    few = queries()
    for number in range(20):
        _verdict(project, f"more {number}", cache_key="d" * 64)
    assert queries() == few


def test_verdicts_from_before_are_told_their_model_by_the_log(created_key: CreatedApiKey) -> None:
    project = created_key.api_key.project
    usage_row(created_key.api_key, request_id="known", model="m" * 200).save()
    usage_row(created_key.api_key, request_id="no model", model=None).save()
    for name in ("known", "no model", "gone"):
        _verdict(project, name, model="", cache_key="d" * 64)
    import_module("apps.cache.migrations.0002_verdict_model").read_from_the_log(apps, None)
    found = dict(SemanticVerdict.objects.values_list("request_id", "model"))
    assert found == {"known": "m" * 128, "no model": "", "gone": ""}
