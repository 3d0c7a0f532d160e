"""Every route under /app/ as a stranger, another organization's owner and a viewer: none of them
sees or changes anything of the first organization. The routes come from the URLconf, so a new page
is covered when it is added.
"""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization, Role, User
from apps.audit.models import AuditLog
from apps.cache.models import SemanticVerdict
from apps.projects.models import ApiKey, Project, ProviderCredential
from apps.projects.services.projects import project_archive
from apps.usage.models import SavedView, UsageLog
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.pages.routes import arguments, signed_in_routes, url_of

pytestmark = pytest.mark.django_db

ROUTES = sorted(signed_in_routes(), key=lambda item: item[0])
TENANT_ROUTES = [item for item in ROUTES if "<slug:organization>" in item[0]]
OWN_AFFAIRS = {"team_leave", "request_view_save", "request_view_delete"}
"""What a viewer may do, because it concerns nobody else; tested with its page."""
SECRETS = ("Acme", "acme-secret", "acme secret", "Server (", "owner@example.com", "$1.23")


def _state(organization: str | None = None) -> list[Any]:
    """All that a write could change: of everybody, or of one organization."""
    found = {"slug": organization} if organization else {}
    return [
        list(rows.order_by("pk").values())
        for rows in (
            AuditLog.objects.filter(
                organization_id__in=Organization.objects.filter(**found).values("pk")
            ),
            Organization.objects.filter(**found),
            Membership.objects.filter(organization__in=Organization.objects.filter(**found)),
            Project.objects.filter(organization__in=Organization.objects.filter(**found)),
            ApiKey.objects.filter(project__organization__in=Organization.objects.filter(**found)),
            SemanticVerdict.objects.filter(
                project__organization__in=Organization.objects.filter(**found)
            ),
            SavedView.objects.filter(
                project__organization__in=Organization.objects.filter(**found)
            ),
            ProviderCredential.objects.filter(
                project__organization__in=Organization.objects.filter(**found)
            ),
        )
    ]


def _leaks(response: Any) -> list[str]:
    """What of the first tenant shows in the answer."""
    streamed = getattr(response, "streaming_content", None)
    text = (b"".join(streamed) if streamed else response.content).decode()
    return [secret for secret in SECRETS if secret in text]


def test_there_are_routes_to_visit() -> None:
    assert len(TENANT_ROUTES) >= 15


def test_every_tenant_route_is_bound_by_the_access_decorators() -> None:
    loose = [
        r for r, found in TENANT_ROUTES if not getattr(found.callback, "access_guarded", False)
    ]
    assert loose == []


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_is_sent_to_the_log_in(
    client: Client, method: str, known: dict[str, Any]
) -> None:
    before = _state()
    for route, pattern in ROUTES:
        response = getattr(client, method)(url_of(route, pattern, known))
        assert response.status_code in (302, 405), route
        if response.status_code == 302:
            assert response["Location"].startswith("/accounts/login/"), route
    assert _state() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_organizations_owner_finds_nothing(
    cast: Cast, method: str, known: dict[str, Any]
) -> None:
    before = _state()
    for route, pattern in TENANT_ROUTES:
        response = getattr(cast.stranger, method)(url_of(route, pattern, known))
        assert response.status_code in (404, 405), route
        assert _leaks(response) == [], route
    assert _state() == before


@pytest.mark.parametrize("method", ["get", "post"])
def test_foreign_rows_under_ones_own_project_do_not_exist(
    cast: Cast, method: str, known: dict[str, Any]
) -> None:
    """The stranger's own slugs in front, the first tenant's ids behind."""
    before = _state("acme")
    for route, pattern in TENANT_ROUTES:
        url = url_of(route, pattern, known, organization="other", project="search")
        response = getattr(cast.stranger, method)(url)
        assert _leaks(response) == [], route
        if set(arguments(pattern, route, known)) - {"organization", "project", "slug"}:
            assert response.status_code in (404, 405), route
    assert _state("acme") == before


def test_a_viewer_changes_nothing(cast: Cast, known: dict[str, Any]) -> None:
    before = _state()
    for route, pattern in TENANT_ROUTES:
        if pattern.name in OWN_AFFAIRS:
            continue
        response = cast.viewer.post(url_of(route, pattern, known), {"name": "Mine now"})
        assert response.status_code in (403, 405), route
    assert _state() == before


@pytest.mark.parametrize("role", ["owner", "admin", "member", "viewer"])
def test_every_role_reads_the_projects_pages(
    cast: Cast, role: str, home: str, log: UsageLog
) -> None:
    for path in ("", "usage/", "requests/", f"requests/{log.pk}/", "start/", "start/status/"):
        assert getattr(cast, role).get(home + path).status_code == 200, path


def test_an_archived_project_is_gone(cast: Cast, owner: User, project: Project, home: str) -> None:
    project_archive(project=project, actor=owner)
    assert cast.owner.get(home).status_code == 404


def test_leaving_an_organization_closes_its_pages(cast: Cast, home: str) -> None:
    assert cast.viewer.get(home).status_code == 200
    Membership.objects.filter(role=Role.VIEWER).delete()
    assert cast.viewer.get(home).status_code == 404


def test_a_write_without_a_token_is_refused(cast: Cast, owner: User, home: str) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.post(home + "start/key/").status_code == 403
    assert not ApiKey.objects.exists()
