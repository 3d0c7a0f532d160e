"""The Settings page: settings, export, retention, and how a project is deleted."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.audit.models import AuditLog
from apps.projects.models import ApiKey, Project
from apps.projects.selectors import key_record
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.services.provider_credentials import provider_credential_create
from apps.usage.erasure import GRACE, projects_erase_due
from apps.usage.models import UsageHourly, UsageLog
from apps.usage.retention import usage_retention
from apps.usage.rollup import usage_rollup
from shared import usage_events
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db

SETTINGS = {
    "name": "Support bot",
    "default_provider": "groq",
    "routes": '[{"match": "gpt-*", "provider": "openai"}]',
    "max_body_bytes": str(4 * 1024 * 1024),
    "monthly_budget_nanousd": "250",
    "log_retention_days": "30",
    "log_prompts": "on",
    "charted_labels": "user, env user",
    "plain_user_labels": "on",
}


def test_settings_are_saved_and_reach_the_edge(cast: Cast, home: str, project: Project) -> None:
    revision = project.edge_revision
    assert cast.admin.post(f"{home}settings/", SETTINGS).status_code == 302
    project.refresh_from_db()
    assert (project.name, project.default_provider) == ("Support bot", "groq")
    assert project.routes == [{"match": "gpt-*", "provider": "openai"}]
    assert project.monthly_budget_nanousd == 250 * 10**9
    assert (project.log_retention_days, project.log_prompts) == (30, True)
    assert (project.charted_labels, project.plain_user_labels) == (["user", "env"], True)
    assert project.edge_revision > revision
    entries = AuditLog.objects.count()
    cast.admin.post(f"{home}settings/", SETTINGS)
    assert AuditLog.objects.count() == entries


def test_a_size_that_staff_set_survives_saving(cast: Cast, home: str, project: Project) -> None:
    Project.objects.update(max_body_bytes=1_500_000)
    page = cast.owner.get(f"{home}settings/").content.decode()
    assert "1,500,000 bytes" in page
    cast.owner.post(f"{home}settings/", {**SETTINGS, "max_body_bytes": "1500000"})
    project.refresh_from_db()
    assert project.max_body_bytes == 1_500_000


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"routes": "{"}, "Enter a valid JSON"),
        ({"routes": '[{"match": "gpt-*"}]'}, "Rule 1 must have"),
        ({"log_retention_days": "0"}, "greater than or equal to 1"),
        ({"charted_labels": "user, 7"}, "cannot be a label"),
        ({"charted_labels": "a b c d e f"}, "At most 5"),
        ({"default_provider": "nobody"}, "not one of the available choices"),
        ({"max_body_bytes": "1"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cast: Cast, home: str, project: Project, fields: dict[str, str], complaint: str
) -> None:
    page = cast.owner.post(f"{home}settings/", {**SETTINGS, **fields}).content.decode()
    assert complaint in page
    project.refresh_from_db()
    assert project.name == "Search"


def test_the_export_has_everything_but_secrets(
    cast: Cast, home: str, project: Project, created_key: CreatedApiKey
) -> None:
    provider_credential_create(
        project=project, provider="openai", secret="sk-very-secret-1234", actor=None
    )
    response = cast.admin.get(f"{home}settings/export.json")
    assert response["Content-Disposition"] == 'attachment; filename="search.json"'
    text = response.content.decode()
    found = json.loads(text)
    assert found["api_keys"][0]["masked"] == created_key.api_key.masked
    assert found["provider_keys"][0]["masked"] == "…1234"
    assert {entry["action"] for entry in found["audit_log"]} >= {"project.create"}
    project.refresh_from_db()
    for secret in (
        created_key.plaintext,
        created_key.api_key.key_hash,
        "sk-very-secret",
        project.provider_credentials.get().envelope,
        project.data_key_salt,
    ):
        assert secret not in text


def test_the_log_is_exported_row_by_row_and_harmless(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    usage_row(created_key.api_key, model="=HYPERLINK(1)", cost_nanousd=5).save()
    usage_row(created_key.api_key, ts=timezone.now(), model="gpt-4o").save()
    response = cast.owner.get(f"{home}settings/requests.csv")
    text = b"".join(response.streaming_content).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert tuple(rows[0]) == usage_events.COLUMNS
    assert [row["model"] for row in rows] == ["'=HYPERLINK(1)", "gpt-4o"]
    assert rows[0]["cost_nanousd"] == "5"


def test_old_rows_go_and_their_sums_stay(project: Project, created_key: CreatedApiKey) -> None:
    now = timezone.now()
    Project.objects.update(log_retention_days=30)
    for age in (1, 29, 31, 400):
        usage_row(created_key.api_key, ts=now - timedelta(days=age)).save()
    assert usage_retention() == 0, "nothing goes before it is counted"
    usage_rollup()
    assert usage_retention() == 2
    assert usage_retention() == 0
    assert UsageLog.objects.count() == 2
    assert sum(UsageHourly.objects.values_list("requests", flat=True)) == 4


def test_a_deleted_project_ends_at_once_and_is_erased_a_day_later(
    cast: Cast, home: str, project: Project, created_key: CreatedApiKey
) -> None:
    usage_row(created_key.api_key).save()
    salt = project.data_key_salt
    wrong = cast.owner.post(f"{home}settings/delete/", {"confirmation": "search"})
    assert "This is not “Search”" in wrong.content.decode()
    assert cast.owner.post(f"{home}settings/delete/", {"confirmation": "Search"}).status_code == 302
    record = key_record(created_key.api_key.key_hash)
    assert record is not None
    assert record["status"] == "suspended"
    project.refresh_from_db()
    assert project.data_key_salt != salt
    assert salt not in str(list(AuditLog.objects.values_list("data", flat=True)))
    assert cast.owner.get(home).status_code == 404
    usage_rollup()
    assert projects_erase_due() == 0
    Project.objects.filter(pk=project.pk).update(deletion_requested_at=timezone.now() - GRACE)
    assert projects_erase_due() == 1
    assert not Project.objects.filter(pk=project.pk).exists()
    assert not ApiKey.objects.exists()
    assert not UsageLog.objects.exists()
    assert AuditLog.objects.filter(action="project.delete").exists()
    assert sum(UsageHourly.objects.values_list("requests", flat=True)) == 1


def test_rows_that_nobody_counted_yet_hold_the_erasure_up(
    cast: Cast, home: str, project: Project, created_key: CreatedApiKey
) -> None:
    cast.owner.post(f"{home}settings/delete/", {"confirmation": "Search"})
    Project.objects.filter(pk=project.pk).update(deletion_requested_at=timezone.now() - GRACE)
    usage_row(created_key.api_key).save()
    assert projects_erase_due() == 0
    usage_rollup()
    assert projects_erase_due() == 1


@pytest.mark.parametrize("who", ["member", "viewer"])
def test_settings_are_for_admins(cast: Cast, home: str, who: str) -> None:
    browser = getattr(cast, who)
    for path in ("settings/", "settings/export.json", "settings/requests.csv"):
        assert browser.get(f"{home}{path}").status_code == 403
        assert cast.stranger.get(f"{home}{path}").status_code == 404
    assert browser.post(f"{home}settings/", SETTINGS).status_code == 403


def test_only_owners_delete(cast: Cast, home: str, project: Project) -> None:
    assert "Delete project" not in cast.admin.get(f"{home}settings/").content.decode()
    for browser, status in ((cast.admin, 403), (cast.viewer, 403), (cast.stranger, 404)):
        response = browser.post(f"{home}settings/delete/", {"confirmation": "Search"})
        assert response.status_code == status
    project.refresh_from_db()
    assert project.archived_at is None
