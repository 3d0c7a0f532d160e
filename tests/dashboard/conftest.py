"""People, organizations and an Upstash double for the dashboard's tests."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client

from apps.accounts.models import Organization, User
from apps.accounts.services.organizations import organization_create
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_create
from apps.projects.services.projects import project_create
from tests.doubles.upstash import UpstashDouble


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    """Feature switches and allauth's counts of attempts are kept in it, and it outlives a test."""
    cache.clear()


@pytest.fixture
def upstash(settings: Any) -> Iterator[UpstashDouble]:
    """An Upstash that the dashboard is configured with."""
    with UpstashDouble() as double:
        settings.UPSTASH_REDIS_REST_URL = double.url
        settings.UPSTASH_REDIS_REST_TOKEN = double.token
        yield double


@pytest.fixture
def staff(db: None) -> User:
    """A staff member who may do everything."""
    return User.objects.create_superuser("staff@example.com", "password-1234")


@pytest.fixture
def owner(db: None) -> User:
    """A customer, whose address is proved."""
    user = User.objects.create_user("owner@example.com", "password-1234")
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


@pytest.fixture
def organization(owner: User) -> Organization:
    """The customer's organization, on Free."""
    return organization_create(name="Acme", owner=owner, actor=owner)


@pytest.fixture
def project(organization: Organization, owner: User) -> Project:
    """A project of it."""
    return project_create(organization=organization, name="Search", actor=owner)


@pytest.fixture
def created_key(project: Project, owner: User) -> CreatedApiKey:
    """A key of it, with its plaintext."""
    return api_key_create(project=project, name="Server", actor=owner)


@pytest.fixture
def staff_client(staff: User) -> Client:
    """A browser with a staff member logged in, CSRF checked as for a real one's GETs."""
    client = Client()
    client.force_login(staff, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def form_data(response: Any) -> dict[str, Any]:
    """What a browser would send back from an admin form: its fields and management forms."""
    data: dict[str, Any] = {}
    forms = [response.context["adminform"].form]
    for formset in response.context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.forms]
    for form in forms:
        for field in form:
            value = field.value()
            if value is not None and value is not False:
                data[field.html_name] = value
    return data
