"""The Keys page."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.audit.models import AuditLog
from apps.projects.models import ApiKey, Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_revoke, api_key_update
from shared import api_keys
from tests.dashboard.pages.conftest import Cast

pytestmark = pytest.mark.django_db


def _shown(page: str) -> list[str]:
    return re.findall(r"lgw_[0-9A-Za-z]{38}", page)


def _create(client: Client, home: str, **fields: str) -> str:
    response = client.post(f"{home}keys/new/", {"name": "Server", **fields})
    assert response.status_code == 200
    return response.content.decode()


def test_a_new_key_is_shown_once_and_works(cast: Cast, home: str, settings: object) -> None:
    page = _create(
        cast.member,
        home,
        requests_per_minute="5",
        tokens_per_minute="1000",
        monthly_budget_nanousd="12.50",
    )
    (plaintext,) = _shown(page)
    key = ApiKey.objects.get()
    assert key.key_hash == api_keys.key_hash(plaintext, settings.API_KEY_PEPPER)  # type: ignore[attr-defined]
    assert (key.requests_per_minute, key.tokens_per_minute) == (5, 1000)
    assert key.monthly_budget_nanousd == 12_500_000_000
    for path in ("keys/", f"keys/{key.pk}/"):
        again = cast.member.get(f"{home}{path}").content.decode()
        assert key.masked in again
        assert _shown(again) == []


def _new_id(page: str) -> str:
    found = re.search(r'name="new_id" value="([0-9a-f-]{36})"', page)
    assert found is not None
    return found[1]


def test_the_same_form_sent_twice_makes_one_key(cast: Cast, home: str) -> None:
    """A reload of the page that shows the key, or a second click."""
    form = {
        "name": "Server",
        "new_id": _new_id(cast.member.get(f"{home}keys/new/").content.decode()),
    }
    assert _shown(cast.member.post(f"{home}keys/new/", form).content.decode()) != []
    again = cast.member.post(f"{home}keys/new/", form, follow=True).content.decode()
    assert "No further key" in again
    assert _shown(again) == []
    assert ApiKey.objects.count() == 1
    form["new_id"] = "not-an-id"
    assert "Open the page again" in cast.member.post(f"{home}keys/new/", form).content.decode()
    # Another page, another key: the id is its own.
    form["new_id"] = _new_id(cast.member.get(f"{home}keys/new/").content.decode())
    cast.member.post(f"{home}keys/new/", form)
    assert ApiKey.objects.count() == 2


@pytest.mark.parametrize("overlap", ["0", "24"])
def test_a_rotation_sent_twice_makes_one_successor(
    cast: Cast, home: str, created_key: CreatedApiKey, overlap: str
) -> None:
    path = f"{home}keys/{created_key.api_key.pk}/"
    form = {"overlap": overlap, "new_id": _new_id(cast.member.get(path).content.decode())}
    assert _shown(cast.member.post(f"{path}rotate/", form).content.decode()) != []
    again = cast.member.post(f"{path}rotate/", form, follow=True).content.decode()
    assert "No further key" in again
    assert ApiKey.objects.count() == 2


def test_the_id_of_somebody_elses_key_changes_nothing(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    theirs = created_key.api_key
    mine = Project.objects.exclude(pk=theirs.project_id).get()
    path = f"/app/{mine.organization.slug}/{mine.slug}/keys/new/"
    cast.stranger.post(path, {"name": "Taken over", "new_id": str(theirs.pk)})
    theirs.refresh_from_db()
    assert (theirs.name, ApiKey.objects.count()) == ("Server", 1)


def test_the_answer_with_a_key_is_not_kept_by_browsers(cast: Cast, home: str) -> None:
    response = cast.owner.post(f"{home}keys/new/", {"name": "Server"})
    assert "no-store" in response["Cache-Control"]


def test_the_last_day_is_whole(cast: Cast, home: str) -> None:
    day = (timezone.now() + timedelta(days=3)).date()
    _create(cast.owner, home, expires_at=day.isoformat())
    key = ApiKey.objects.get()
    assert key.expires_at is not None
    assert key.expires_at.isoformat() == f"{day + timedelta(days=1)}T00:00:00+00:00"
    form = cast.owner.get(f"{home}keys/{key.pk}/").content.decode()
    assert f'value="{day.isoformat()}"' in form


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"expires_at": "2020-01-01"},
        {"requests_per_minute": "0"},
        {"monthly_budget_nanousd": "-1"},
        {"monthly_budget_nanousd": "0.001"},
    ],
)
def test_what_makes_no_sense_is_refused(cast: Cast, home: str, fields: dict[str, str]) -> None:
    page = _create(cast.owner, home, **fields)
    assert 'class="error"' in page
    assert not ApiKey.objects.exists()


def test_editing_keeps_what_is_not_changed(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    key = created_key.api_key
    api_key_update(api_key=key, actor=None, monthly_budget_nanousd=1_230_000_000)
    page = cast.member.get(f"{home}keys/{key.pk}/").content.decode()
    assert 'value="1.23"' in page
    response = cast.member.post(
        f"{home}keys/{key.pk}/", {"name": "Renamed", "monthly_budget_nanousd": "1.23"}
    )
    assert response.status_code == 302
    key.refresh_from_db()
    assert (key.name, key.monthly_budget_nanousd) == ("Renamed", 1_230_000_000)
    entry = AuditLog.objects.filter(action="api_key.update").latest("id")
    assert set(entry.data) == {"name"}


def test_rotating_leaves_both_working_for_a_while(
    cast: Cast, home: str, created_key: CreatedApiKey, project: Project
) -> None:
    old = created_key.api_key
    api_key_update(api_key=old, actor=None, requests_per_minute=7)
    before = timezone.now()
    page = cast.member.post(f"{home}keys/{old.pk}/rotate/", {"overlap": "24"}).content.decode()
    (plaintext,) = _shown(page)
    assert plaintext != created_key.plaintext
    old.refresh_from_db()
    new = project.api_keys.exclude(pk=old.pk).get()
    assert old.revoked_at is None
    assert old.expires_at is not None
    assert timedelta(hours=24) <= old.expires_at - before < timedelta(hours=25)
    assert (new.name, new.requests_per_minute, new.expires_at) == (old.name, 7, None)


def test_rotating_without_overlap_revokes(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    cast.owner.post(f"{home}keys/{created_key.api_key.pk}/rotate/", {"overlap": "0"})
    created_key.api_key.refresh_from_db()
    assert created_key.api_key.revoked_at is not None


def test_an_overlap_never_lengthens_a_key(
    cast: Cast, home: str, created_key: CreatedApiKey, project: Project
) -> None:
    soon = timezone.now() + timedelta(hours=1)
    api_key_update(api_key=created_key.api_key, actor=None, expires_at=soon)
    cast.owner.post(f"{home}keys/{created_key.api_key.pk}/rotate/", {"overlap": "720"})
    created_key.api_key.refresh_from_db()
    assert created_key.api_key.expires_at == soon
    new = project.api_keys.exclude(pk=created_key.api_key.pk).get()
    assert new.expires_at is not None
    assert new.expires_at > soon


def test_a_dead_key_has_no_successor(cast: Cast, home: str, created_key: CreatedApiKey) -> None:
    api_key_revoke(api_key=created_key.api_key, actor=None)
    response = cast.owner.post(
        f"{home}keys/{created_key.api_key.pk}/rotate/", {"overlap": "24"}, follow=True
    )
    assert "no longer works" in response.content.decode()
    assert ApiKey.objects.count() == 1


def test_revoking_is_seen_by_the_edge_and_in_the_log(
    cast: Cast, home: str, created_key: CreatedApiKey, project: Project
) -> None:
    cast.member.post(f"{home}keys/{created_key.api_key.pk}/revoke/")
    created_key.api_key.refresh_from_db()
    revision = project.edge_revision
    project.refresh_from_db()
    assert created_key.api_key.revoked_at is not None
    assert project.edge_revision > revision
    assert AuditLog.objects.filter(
        action="api_key.revoke", actor_label="member@example.com"
    ).exists()
    page = cast.member.get(f"{home}keys/").content.decode()
    assert "Revoked and expired (1)" in page


def test_a_key_of_another_project_is_not_found(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    theirs = Project.objects.exclude(pk=created_key.api_key.project_id).get()
    elsewhere = f"/app/{theirs.organization.slug}/{theirs.slug}/keys/{created_key.api_key.pk}/"
    assert cast.stranger.get(elsewhere).status_code == 404
    for action in ("rotate", "revoke"):
        assert cast.stranger.post(f"{elsewhere}{action}/", {"overlap": "0"}).status_code == 404
    created_key.api_key.refresh_from_db()
    assert created_key.api_key.revoked_at is None


@pytest.mark.parametrize("action", ["", "rotate/", "revoke/"])
def test_viewers_look_and_strangers_find_nothing(
    cast: Cast, home: str, created_key: CreatedApiKey, action: str
) -> None:
    path = f"{home}keys/{created_key.api_key.pk}/{action}"
    fields = {"name": "Mine now", "overlap": "0"}
    assert cast.viewer.post(path, fields).status_code == 403
    assert cast.stranger.post(path, fields).status_code == 404
    assert Client().post(path, fields).status_code == 302
    assert cast.viewer.post(f"{home}keys/new/", fields).status_code == 403
    assert cast.stranger.get(f"{home}keys/").status_code == 404
    listed = cast.viewer.get(f"{home}keys/")
    assert listed.status_code == 200
    assert "Create a key" not in listed.content.decode()
    key = ApiKey.objects.get()
    assert (key.name, key.revoked_at) == ("Server", None)
