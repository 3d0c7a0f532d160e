"""Redis is told of a change after the commit, in one round trip; a broken Redis fails no edit."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from upstash_redis import Redis

from apps.accounts.models import Organization, Plan, User
from apps.accounts.services.organizations import organization_update
from apps.accounts.services.plans import plan_update
from apps.projects.edge_sync import edge_publish_due
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_create, api_key_revoke
from apps.projects.services.projects import project_create, project_update
from shared import redis_keys, signed_value
from tests.doubles.upstash import UpstashDouble

pytestmark = pytest.mark.django_db


@pytest.fixture
def redis(upstash: UpstashDouble) -> Iterator[Redis]:
    """A client of the test's own, to look inside."""
    with Redis(upstash.url, upstash.token) as client:
        yield client


def test_revoking_a_key_reaches_redis_at_once(
    upstash: UpstashDouble,
    redis: Redis,
    created_key: CreatedApiKey,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    api_key = created_key.api_key
    record = redis_keys.key_record(api_key.key_hash)
    redis.set(record, "{}")
    upstash.forget()
    with django_capture_on_commit_callbacks(execute=True):
        api_key_revoke(api_key=api_key, actor=None)
        assert upstash.requests == []
    assert len(upstash.requests) == 1
    project = Project.objects.get(pk=api_key.project_id)
    revision = redis_keys.revision(str(project.pk))
    assert redis.get(record) is None
    refused = redis_keys.key_refused(api_key.key_hash)
    told = redis.get(refused)
    assert told is not None
    assert signed_value.read(settings.API_KEY_PEPPER, refused, told) == "revoked"
    assert 3_600 < redis.ttl(refused) <= 3_900
    assert redis.get(revision) == str(project.edge_revision)
    assert 0 < redis.ttl(revision) <= 300


def test_a_plan_edit_tells_of_every_project_in_one_round_trip(
    upstash: UpstashDouble,
    project: Project,
    organization: Organization,
    owner: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    projects = [project, project_create(organization=organization, name="Two", actor=owner)]
    hashes = [
        api_key_create(project=each, name="k", actor=owner).api_key.key_hash for each in projects
    ]
    upstash.forget()
    with django_capture_on_commit_callbacks(execute=True):
        plan_update(plan=Plan.objects.get(slug="free"), actor=owner, requests_per_minute=3)
    assert len(upstash.requests) == 1
    commands = upstash.commands()
    assert {command[1] for command in commands if command[0] == "SET"} == {
        redis_keys.revision(str(each.pk)) for each in projects
    }
    deleted = [name for command in commands if command[0] == "DEL" for name in command[1:]]
    names = (redis_keys.key_record, redis_keys.key_refused)
    assert sorted(deleted) == sorted(name(key_hash) for key_hash in hashes for name in names)


def test_a_suspended_project_is_refused_until_it_is_restored(
    redis: Redis,
    created_key: CreatedApiKey,
    organization: Organization,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    refused = redis_keys.key_refused(created_key.api_key.key_hash)
    with django_capture_on_commit_callbacks(execute=True):
        organization_update(organization=organization, actor=None, disabled_at=timezone.now())
    told = redis.get(refused)
    assert told is not None
    assert signed_value.read(settings.API_KEY_PEPPER, refused, told) == "suspended"
    with django_capture_on_commit_callbacks(execute=True):
        organization_update(organization=organization, actor=None, disabled_at=None)
    assert redis.get(refused) is None


def test_a_rolled_back_change_is_not_told(
    upstash: UpstashDouble,
    project: Project,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    class Undone(Exception):
        pass

    def change_and_fail() -> None:
        with transaction.atomic():
            project_update(project=project, actor=None, ttl_seconds=5)
            raise Undone

    upstash.forget()
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(Undone):
        change_and_fail()
    assert upstash.requests == []
    assert Project.objects.get(pk=project.pk).ttl_seconds == 3600


@pytest.mark.parametrize("fault", ["refused", "frozen", "error", "reset"])
def test_a_broken_redis_fails_no_edit(
    upstash: UpstashDouble,
    project: Project,
    fault: Any,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    upstash.break_with(fault)
    with django_capture_on_commit_callbacks(execute=True):
        project_update(project=project, actor=None, ttl_seconds=5)
    stored = Project.objects.get(pk=project.pk)
    assert stored.ttl_seconds == 5
    assert stored.edge_revision == 2
    assert "Redis was not told of 1 changed projects" in caplog.text
    assert upstash.token not in caplog.text


def test_a_revocation_that_redis_missed_is_told_until_redis_takes_it(
    upstash: UpstashDouble,
    redis: Redis,
    created_key: CreatedApiKey,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    api_key = created_key.api_key
    edge_publish_due()
    upstash.break_with("refused")
    with django_capture_on_commit_callbacks(execute=True):
        api_key_revoke(api_key=api_key, actor=None)
    assert edge_publish_due() == 0
    upstash.heal()
    assert edge_publish_due() == 1
    assert redis.exists(redis_keys.key_refused(api_key.key_hash))
    upstash.forget()
    assert edge_publish_due() == 0
    assert upstash.requests == []


def test_what_redis_took_is_not_told_again(
    upstash: UpstashDouble,
    project: Project,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        project_update(project=project, actor=None, ttl_seconds=5)
    assert edge_publish_due() == 0
    assert Project.objects.get(pk=project.pk).edge_untold is False


def test_a_dead_redis_is_tried_once_for_any_number_of_projects(
    upstash: UpstashDouble, organization: Organization
) -> None:
    from apps.projects.edge_sync import edge_publish

    projects = Project.objects.bulk_create(
        Project(organization=organization, name=f"P{number}", slug=f"p{number}")
        for number in range(401)
    )
    ids = [project.pk for project in projects]
    edge_publish(ids)
    assert len(upstash.requests) == 3
    upstash.forget()
    upstash.break_with("error")
    edge_publish(ids)
    assert len(upstash.requests) == 1


def test_without_redis_nothing_is_tried(
    project: Project,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        project_update(project=project, actor=None, ttl_seconds=5)
    assert caplog.text == ""
