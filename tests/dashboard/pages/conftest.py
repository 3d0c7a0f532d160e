"""An organization with everyone who may look at its pages, and two who may not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Membership, Organization, Role, User
from apps.accounts.services.organizations import organization_create
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.services.projects import project_create
from apps.projects.services.provider_credentials import provider_credential_create
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from apps.usage.saved_views import view_save
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True)
class Cast:
    """Browsers, each with somebody signed in."""

    owner: Client
    admin: Client
    member: Client
    viewer: Client
    stranger: Client
    """Owns another organization."""


def signed_in(user: User) -> Client:
    """A browser with ``user`` in it."""
    client = Client()
    client.force_login(user, backend=_BACKEND)
    return client


@pytest.fixture
def cast(organization: Organization, owner: User) -> Cast:
    """One person for each role, and the owner of another organization."""
    clients = {"owner": signed_in(owner)}
    for role in (Role.ADMIN, Role.MEMBER, Role.VIEWER):
        user = User.objects.create_user(f"{role}@example.com", "password-1234")
        Membership.objects.create(organization=organization, user=user, role=role)
        clients[role] = signed_in(user)
    other = User.objects.create_user("stranger@example.com", "password-1234")
    theirs = organization_create(name="Other", owner=other, actor=other)
    project_create(organization=theirs, name="Search", actor=other)
    return Cast(**clients, stranger=signed_in(other))


@pytest.fixture
def home(organization: Organization, project: Project) -> str:
    """Where the project's pages begin."""
    return f"/app/{organization.slug}/{project.slug}/"


@pytest.fixture
def upstash(settings: object) -> Iterator[UpstashDouble]:
    """A Redis that the dashboard is configured with."""
    with UpstashDouble() as double:
        settings.UPSTASH_REDIS_REST_URL = double.url  # type: ignore[attr-defined]
        settings.UPSTASH_REDIS_REST_TOKEN = double.token  # type: ignore[attr-defined]
        yield double


@pytest.fixture
def log(created_key: CreatedApiKey) -> UsageLog:
    """One request of the first tenant, recognisable wherever it appears."""
    row = usage_row(
        created_key.api_key,
        ts=timezone.now(),
        model="acme-secret-model",
        provider="openai",
        cost_nanousd=1_230_000_000,
        prompt="acme secret prompt",
    )
    row.save()
    usage_rollup()
    return row


@pytest.fixture
def known(
    project: Project, created_key: CreatedApiKey, log: UsageLog, owner: User
) -> dict[str, Any]:
    """The first tenant's rows, by the names of URL arguments."""
    credential = provider_credential_create(
        project=project, provider="openai", secret="sk-acme-secret", actor=owner
    )
    membership = Membership.objects.get(organization=project.organization, user=owner)
    return {
        "organization": project.organization.slug,
        "project": project.slug,
        "log_id": log.pk,
        "key_id": created_key.api_key.pk,
        "credential_id": credential.pk,
        "membership_id": membership.pk,
        "view_id": view_save(project=project, user=owner, name="Acme", query="q=acme-secret").pk,
    }
