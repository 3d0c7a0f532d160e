"""Staff who look at the dashboard as a customer: who may, what stays closed, what is recorded."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization, User
from apps.accounts.services.organizations import organization_create
from apps.audit.behalf import acting_staff
from apps.audit.models import AuditLog
from apps.cache.models import EvidenceState
from apps.impersonation.models import Impersonation
from apps.impersonation.services import LASTS, impersonations_expire_due
from apps.projects.models import ApiKey, Project
from apps.usage.models import RollupState
from tests.dashboard.pages.conftest import signed_in
from tests.dashboard.pages.routes import arguments, signed_in_routes

pytestmark = pytest.mark.django_db
PASSWORD = "password-1234"
REASON = "Ticket 4711: the chart looks wrong"


@pytest.fixture
def support(db: None) -> User:
    """Staff who may look as a customer, and no more."""
    user = User.objects.create_user("support@example.com", PASSWORD, is_staff=True)
    _grant(user, "impersonate", "view_user")
    return user


@pytest.fixture
def desk(support: User) -> Client:
    """Their browser, in which they have just confirmed that it is them."""
    cache.clear()  # where allauth counts how often that was tried
    client = signed_in(support)
    _confirm(client)
    return client


def _confirm(client: Client, next_page: str = "/app/") -> Any:
    data = {"password": PASSWORD, "next": next_page}
    return client.post("/accounts/reauthenticate/", data)


def _grant(user: User, *codenames: str) -> None:
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))


def _page(user: User) -> str:
    return f"/admin/accounts/user/{user.pk}/impersonate/"


def _start(desk: Client, user: User, **values: str) -> Any:
    return desk.post(_page(user), {"reason": REASON, **values}, follow=False)


def _entries(organization: Organization) -> list[tuple[str, str, dict[str, Any]]]:
    found = AuditLog.objects.filter(
        organization_id=organization.pk, action__startswith="impersonation."
    )
    return [(each.action, each.actor_label, each.data) for each in found.order_by("id")]


def _home(project: Project) -> str:
    return f"/app/{project.organization.slug}/{project.slug}/"


def test_from_the_persons_page_to_their_dashboard_and_back(
    desk: Client, owner: User, organization: Organization, project: Project
) -> None:
    assert _page(owner) in desk.get(f"/admin/accounts/user/{owner.pk}/change/").content.decode()
    page = desk.get(_page(owner)).content.decode()
    assert organization.name in page
    assert "Change things as this person" not in page
    assert _start(desk, owner)["Location"] == "/app/"
    shown = desk.get(_home(project))
    assert shown.context["user"] == owner
    text = shown.content.decode()
    assert f"<strong>{owner.email}</strong>" in text
    assert "read only" in text
    assert desk.get("/admin/accounts/user/").status_code == 200  # still themselves there
    response = desk.post("/impersonation/stop/")
    assert response["Location"] == f"/admin/accounts/user/{owner.pk}/change/"
    assert desk.get(_home(project)).status_code == 404
    assert [entry[0] for entry in _entries(organization)] == [
        "impersonation.start",
        "impersonation.stop",
    ]


def test_not_without_having_just_confirmed_that_it_is_them(
    desk: Client, support: User, owner: User, project: Project
) -> None:
    """A session left open, or its cookie stolen, shows no customer's data."""
    client = signed_in(support)
    for response in (client.get(_page(owner)), _start(client, owner)):
        assert response.status_code == 302
        assert response["Location"].startswith("/accounts/reauthenticate/?next=")
    assert not Impersonation.objects.exists()
    assert client.get(_home(project)).status_code == 404
    wrong = {"password": "not it", "next": _page(owner)}
    assert client.post("/accounts/reauthenticate/", wrong).status_code == 200
    assert not Impersonation.objects.exists()
    assert _confirm(client, _page(owner))["Location"] == "/app/"  # the visit that was asked for
    assert client.get(_home(project)).context["user"] == owner


def test_confirming_lasts_for_minutes_and_is_asked_of_who_is_on_a_visit_too(
    support: User, owner: User, project: Project
) -> None:
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False) as clock:
        client = signed_in(support)
        _confirm(client)
        clock.shift(timedelta(seconds=settings.ACCOUNT_REAUTHENTICATION_TIMEOUT - 1))
        assert _start(client, owner)["Location"] == "/app/"
        clock.shift(timedelta(seconds=1))
        second = User.objects.create_user("second@example.com")
        assert _start(client, second)["Location"].startswith("/accounts/reauthenticate/")
        assert client.get("/accounts/reauthenticate/").context["user"] == support
        _confirm(client, _page(second))
        assert Impersonation.objects.get(ended_at=None).user == second


def test_who_may_not_is_asked_for_nothing(owner: User) -> None:
    plain = User.objects.create_user("plain@example.com", PASSWORD, is_staff=True)
    assert signed_in(plain).get(_page(owner)).status_code == 403


def test_the_customer_reads_who_came_and_why(
    desk: Client, support: User, owner: User, organization: Organization
) -> None:
    other = organization_create(name="Second", owner=owner, actor=owner)
    _start(desk, owner)
    desk.post("/impersonation/stop/")
    for each in (organization, other):
        log = signed_in(owner).get(f"/app/{each.slug}/-/audit/?kind=impersonation")
        text = log.content.decode()
        assert support.email in text
        assert REASON in text
        assert "read only" in text


def test_looking_changes_nothing(
    desk: Client, owner: User, organization: Organization, project: Project
) -> None:
    _start(desk, owner)
    for method in ("post", "put", "patch", "delete"):
        response = getattr(desk, method)(f"{_home(project)}keys/new/", {"name": "Mine"})
        assert response.status_code == 403, method
    assert "may not change anything" in response.content.decode()
    assert "may not change anything" in response["HX-Trigger"]
    assert desk.post(f"/app/{organization.slug}/-/team/leave/").status_code == 403
    assert not ApiKey.objects.exists()
    assert Membership.objects.filter(user=owner).exists()
    assert [entry[0] for entry in _entries(organization)] == ["impersonation.start"]


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/email/",
        "/accounts/password/change/",
        "/accounts/2fa/",
        "/accounts/2fa/recovery-codes/",
        "/accounts/sessions/",
        "/accounts/3rdparty/",
        "/accounts/messages/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_what_is_personal_stays_closed(
    desk: Client, support: User, owner: User, path: str, method: str
) -> None:
    _grant(support, "impersonate_write")
    _start(desk, owner, may_write="on")
    response = getattr(desk, method)(path)
    assert response.status_code == 403
    assert "belong to the customer" in response.content.decode()
    desk.post("/impersonation/stop/")
    assert desk.get("/accounts/email/").status_code == 200


def test_with_the_second_permission_every_change_is_recorded(
    desk: Client, support: User, owner: User, organization: Organization, project: Project
) -> None:
    assert _start(desk, owner, may_write="on").status_code == 302
    assert Impersonation.objects.get().may_write is False  # the field is not theirs to send
    _grant(support, "impersonate_write")
    assert "Change things as this person" in desk.get(_page(owner)).content.decode()
    _start(desk, owner, may_write="on")
    path = f"{_home(project)}keys/new/"
    assert desk.post(path, {"name": "Repair"}).status_code == 200
    created = AuditLog.objects.get(action="api_key.create")
    assert created.actor == support
    assert created.actor_label == f"{support.email} as {owner.email}"
    change = _entries(organization)[-1]
    assert change == (
        "impersonation.change",
        support.email,
        {"request": f"POST {path}", "status": 200},
    )
    assert acting_staff() is None
    shown = signed_in(owner).get(f"/app/{organization.slug}/-/audit/").content.decode()
    assert f"{support.email} as {owner.email}" in shown


def test_it_ends_after_an_hour(
    desk: Client, owner: User, organization: Organization, project: Project
) -> None:
    with time_machine.travel("2026-01-01T12:00:00Z", tick=False) as clock:
        desk.force_login(User.objects.get(email="support@example.com"))
        _confirm(desk)
        _start(desk, owner)
        clock.shift(LASTS - timedelta(seconds=1))
        assert desk.get(_home(project)).status_code == 200
        clock.shift(timedelta(seconds=1))
        session = desk.session["impersonation"]
        part = desk.get(_home(project), headers={"HX-Request": "true"})
        assert (part["HX-Redirect"], part.content) == ("/admin/", b"")
        kept = desk.session
        kept["impersonation"] = session
        kept.save()
        response = desk.get(_home(project), follow=True)
        assert response.redirect_chain == [("/admin/", 302)]
        assert "the visit has ended (expired)" in response.content.decode()
    assert _entries(organization)[-1][2] == {"how": "expired"}


def test_nobody_has_to_come_back_for_it_to_end(
    desk: Client, owner: User, organization: Organization
) -> None:
    _start(desk, owner)
    assert impersonations_expire_due() == 0
    Impersonation.objects.update(expires_at=timezone.now())
    assert impersonations_expire_due() == 1
    assert impersonations_expire_due() == 0
    assert _entries(organization)[-1][2] == {"how": "expired"}


def test_signing_out_ends_it(desk: Client, owner: User, organization: Organization) -> None:
    _start(desk, owner)
    assert desk.post("/accounts/logout/").status_code == 302
    assert Impersonation.objects.get().ended_at is not None
    assert _entries(organization)[-1][2] == {"how": "signed out"}


def test_a_permission_taken_away_ends_it_with_the_next_page(
    desk: Client, support: User, owner: User, project: Project
) -> None:
    _start(desk, owner)
    support.user_permissions.clear()
    assert desk.get(_home(project)).status_code == 302
    assert desk.get(_home(project)).status_code == 404
    assert Impersonation.objects.get().ended_at is not None


def test_somebody_made_staff_meanwhile_is_left(desk: Client, owner: User, project: Project) -> None:
    _start(desk, owner)
    User.objects.filter(pk=owner.pk).update(is_staff=True)
    assert desk.get(_home(project)).status_code == 302
    assert Impersonation.objects.get().ended_at is not None


def test_never_into_staff_the_inactive_or_oneself(desk: Client, support: User, staff: User) -> None:
    plain_staff = User.objects.create_user("other@example.com", is_staff=True)
    superuser = User.objects.create_user("root@example.com", is_superuser=True)
    inactive = User.objects.create_user("gone@example.com", is_active=False)
    for user in (plain_staff, superuser, inactive, staff, support):
        response = _start(desk, user)
        assert response.status_code == 200
        assert "Back to" in response.content.decode()
    assert not Impersonation.objects.exists()
    assert not AuditLog.objects.filter(action__startswith="impersonation.").exists()


def test_not_without_the_permission(owner: User) -> None:
    plain = User.objects.create_user("plain@example.com", is_staff=True)
    _grant(plain, "view_user", "change_user")
    client = signed_in(plain)
    assert (
        _page(owner) not in client.get(f"/admin/accounts/user/{owner.pk}/change/").content.decode()
    )
    assert client.get(_page(owner)).status_code == 403
    assert _start(client, owner).status_code == 403
    customer = User.objects.create_user("customer@example.com")
    assert _start(signed_in(customer), owner).status_code in (302, 403)
    assert not Impersonation.objects.exists()


@pytest.mark.parametrize("reason", ["", "   ", "help"])
def test_not_without_a_reason(desk: Client, owner: User, reason: str) -> None:
    response = _start(desk, owner, reason=reason)
    assert response.status_code == 200
    assert response.context["form"].errors["reason"]
    assert not Impersonation.objects.exists()


def test_a_second_visit_replaces_the_first(
    desk: Client, owner: User, organization: Organization
) -> None:
    _start(desk, owner)
    second = User.objects.create_user("second@example.com")
    _start(desk, second)
    first = Impersonation.objects.get(user=owner)
    assert first.ended_at is not None
    assert _entries(organization)[-1][2] == {"how": "replaced"}
    assert "second@example.com" in desk.get("/app/", follow=True).content.decode()


def test_somebody_elses_visit_cannot_be_taken_over(desk: Client, owner: User, staff: User) -> None:
    _start(desk, owner)
    client = signed_in(staff)
    session = client.session
    session["impersonation"] = str(Impersonation.objects.get().pk)
    session.save()
    response = client.get("/app/")
    assert response["Location"] == "/admin/"
    assert Impersonation.objects.get().ended_at is None


def test_who_is_made_staff_by_whom_is_recorded(
    staff: User, staff_client: Client, owner: User
) -> None:
    group = Group.objects.create(name="Support")
    page = f"/admin/accounts/user/{owner.pk}/change/"
    data = {"email": owner.email, "is_active": "on", "is_staff": "on", "groups": str(group.pk)}
    assert staff_client.post(page, data).status_code == 302
    entry = AuditLog.objects.get(action="user.update")
    assert (entry.actor, entry.target_label) == (staff, owner.email)
    assert entry.data == {
        "is_staff": {"from": False, "to": True},
        "groups": {"from": "", "to": "Support"},
    }
    staff_client.post(page, data)
    assert AuditLog.objects.filter(action="user.update").count() == 1


def test_staff_cannot_make_themselves_more(owner: User, staff: User) -> None:
    plain = User.objects.create_user("plain@example.com", is_staff=True)
    _grant(plain, "view_user", "change_user")
    client = signed_in(plain)
    for user in (plain, owner, staff):
        client.post(
            f"/admin/accounts/user/{user.pk}/change/",
            {"email": user.email, "is_active": "on", "is_staff": "on", "is_superuser": "on"},
        )
    assert list(User.objects.filter(is_superuser=True)) == [staff]
    assert not User.objects.get(pk=owner.pk).is_staff


def test_looking_at_every_page_changes_nothing(
    desk: Client, owner: User, organization: Organization, project: Project
) -> None:
    """A visit that may only look relies on it: no view under /app/ writes on GET."""
    _start(desk, owner)
    before = _state()
    visited = 0
    for route, pattern in signed_in_routes():
        known = {"organization": organization.slug, "project": project.slug}
        url = reverse(pattern.name, kwargs=arguments(pattern, route, known))
        visited += desk.get(url).status_code == 200
    assert visited >= 15
    assert _state() == before


def _state() -> list[Any]:
    """Every row of ours; looking brings the sums of usage up to date, so not how far they are."""
    models = [
        model
        for model in apps.get_models()
        if model._meta.app_config.name.startswith("apps.")
        and model not in (RollupState, EvidenceState)
    ]
    return [list(model._default_manager.order_by("pk").values()) for model in models]
