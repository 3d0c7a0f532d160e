"""An organization with everyone who may look at its pages, and two who may not."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization, Role, User
from apps.accounts.services.organizations import organization_create
from apps.projects.models import Project
from apps.projects.services.projects import project_create
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
