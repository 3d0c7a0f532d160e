"""``manage.py seed_demo``: what the local stack starts from."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command

from apps.accounts.models import Organization, User
from apps.projects.models import ApiKey, Project
from apps.projects.selectors import key_record
from shared import api_keys

pytestmark = pytest.mark.django_db


def _seed(output: Path, **options: Any) -> dict[str, Any]:
    call_command("seed_demo", output=output, **options)
    made: dict[str, Any] = json.loads(output.read_text())
    return made


def _record(made: dict[str, Any]) -> dict[str, Any]:
    record = key_record(api_keys.key_hash(made["api_key"], settings.API_KEY_PEPPER))
    assert record is not None
    return record


def test_the_demo_is_on_pro_with_a_working_key_and_a_staff_user(tmp_path: Path) -> None:
    made = _seed(tmp_path / "new" / "seed.json")
    record = _record(made)
    assert record["status"] == "active"
    assert record["plan"]["slug"] == "pro"
    assert record["project_id"] == made["project_id"]
    staff = User.objects.get(email=made["staff"]["email"])
    assert staff.is_staff
    assert staff.check_password(made["staff"]["password"])


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    first = _seed(tmp_path / "seed.json")
    assert _seed(tmp_path / "seed.json") == first
    assert (Organization.objects.count(), Project.objects.count()) == (1, 1)
    assert (ApiKey.objects.count(), User.objects.count()) == (1, 1)


def test_a_lost_output_gets_new_secrets_and_revokes_the_lost_key(tmp_path: Path) -> None:
    first = _seed(tmp_path / "first.json")
    second = _seed(tmp_path / "second.json")
    assert second["project_id"] == first["project_id"]
    assert _record(first)["status"] == "revoked"
    assert _record(second)["status"] == "active"
    staff = User.objects.get(email=second["staff"]["email"])
    assert staff.check_password(second["staff"]["password"])


def test_bare_has_no_limits_and_no_people(tmp_path: Path) -> None:
    made = _seed(tmp_path / "seed.json", bare=True)
    assert _record(made)["plan"] == {
        "slug": "unlimited",
        "monthly_requests": None,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "concurrent_streams": None,
        "overage": "stop",
    }
    assert "staff" not in made
    assert not User.objects.exists()
    assert _seed(tmp_path / "seed.json", bare=True) == made


def test_what_else_the_file_holds_is_kept_and_only_the_owner_reads_it(tmp_path: Path) -> None:
    output = tmp_path / "dev.json"
    output.write_text(json.dumps({"base_url": "http://127.0.0.1:8787/v1"}))
    assert _seed(output)["base_url"] == "http://127.0.0.1:8787/v1"
    fresh = tmp_path / "fresh.json"
    _seed(fresh)
    assert fresh.stat().st_mode & 0o077 == 0


def test_without_a_file_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed_demo")
    assert api_keys.well_formed(json.loads(capsys.readouterr().out)["api_key"])
