"""Plans, organizations and their members on the staff site."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Membership, Organization, Plan, Role, User
from apps.audit.models import AuditLog
from apps.projects.models import Project
from tests.dashboard.conftest import form_data
from tests.dashboard.staff_forms import change, errors

pytestmark = pytest.mark.django_db


def test_editing_a_plan_is_audited_and_reaches_its_projects(
    staff_client: Client, staff: User, project: Project
) -> None:
    plan = Plan.objects.get(slug="free")
    change(staff_client, plan, requests_per_minute="25", tokens_per_minute="")
    plan.refresh_from_db()
    assert plan.requests_per_minute == 25
    assert plan.tokens_per_minute is None
    assert Project.objects.get(pk=project.pk).edge_revision == project.edge_revision + 1
    entry = AuditLog.objects.get(action="plan.update")
    assert entry.actor == staff
    assert entry.data == {"requests_per_minute": {"from": 10, "to": 25}}


def test_adding_a_plan(staff_client: Client) -> None:
    url = reverse("admin:accounts_plan_add")
    data = form_data(staff_client.get(url)) | {"name": "Team", "slug": "team"}
    data.pop("public", None)
    assert staff_client.post(url, data).status_code == 302
    assert Plan.objects.get(slug="team").public is False


def test_overriding_a_limit_and_disabling(
    staff_client: Client, organization: Organization, project: Project
) -> None:
    change(staff_client, organization, override_requests_per_minute="500")
    organization.refresh_from_db()
    assert organization.limits.requests_per_minute == 500
    now = timezone.now()
    change(
        staff_client,
        organization,
        disabled_at_0=now.date().isoformat(),
        disabled_at_1=now.time().isoformat("seconds"),
    )
    organization.refresh_from_db()
    assert organization.disabled_at is not None
    assert Project.objects.get(pk=project.pk).edge_revision == project.edge_revision + 2


def test_members_are_edited_with_the_organization(
    staff_client: Client, organization: Organization
) -> None:
    friend = User.objects.create_user("friend@example.com")
    change(
        staff_client,
        organization,
        **{
            "memberships-TOTAL_FORMS": "2",
            "memberships-1-user": str(friend.pk),
            "memberships-1-role": Role.VIEWER,
        },
    )
    assert Membership.objects.get(user=friend).role == Role.VIEWER
    change(staff_client, organization, **{"memberships-1-role": Role.ADMIN})
    assert Membership.objects.get(user=friend).role == Role.ADMIN
    change(staff_client, organization, **{"memberships-1-DELETE": "on"})
    assert not Membership.objects.filter(user=friend).exists()
    actions = AuditLog.objects.filter(target_type="membership").order_by("id")
    assert [entry.action for entry in actions] == [
        "membership.create",
        "membership.update",
        "membership.delete",
    ]


def test_the_last_owner_cannot_be_removed(staff_client: Client, organization: Organization) -> None:
    url = reverse("admin:accounts_organization_change", args=[organization.pk])
    data = form_data(staff_client.get(url)) | {"memberships-0-DELETE": "on"}
    response = staff_client.post(url, data)
    assert response.status_code == 200
    assert "needs an owner" in response.content.decode()
    assert organization.memberships.count() == 1


def test_adding_an_organization_and_a_project_to_it(staff_client: Client) -> None:
    url = reverse("admin:accounts_organization_add")
    data = form_data(staff_client.get(url)) | {
        "name": "New",
        "slug": "new",
        "plan": str(Plan.objects.get(slug="starter").pk),
        "override_requests_per_minute": "99",
    }
    assert staff_client.post(url, data).status_code == 302
    organization = Organization.objects.get(slug="new")
    assert organization.limits.requests_per_minute == 99
    url = reverse("admin:projects_project_add")
    data = form_data(staff_client.get(url)) | {
        "name": "P",
        "slug": "p",
        "organization": str(organization.pk),
    }
    response = staff_client.post(url, data)
    assert response.status_code == 302, errors(response)
    assert Project.objects.get(organization=organization).slug == "p"


def test_a_full_plan_is_said_on_the_form(staff_client: Client, organization: Organization) -> None:
    organization.override_max_projects = 0
    organization.save()
    url = reverse("admin:projects_project_add")
    data = form_data(staff_client.get(url)) | {
        "name": "P",
        "slug": "p",
        "organization": str(organization.pk),
    }
    response = staff_client.post(url, data)
    assert response.status_code == 200
    assert "The plan allows 0 projects." in response.content.decode()


def test_ownership_is_handed_over_in_one_save(
    staff_client: Client, organization: Organization
) -> None:
    friend = User.objects.create_user("friend@example.com")
    change(
        staff_client,
        organization,
        **{
            "memberships-TOTAL_FORMS": "2",
            "memberships-0-DELETE": "on",
            "memberships-1-user": str(friend.pk),
            "memberships-1-role": Role.OWNER,
        },
    )
    assert [member.user for member in organization.memberships.all()] == [friend]


def test_a_members_row_cannot_become_another_persons(
    staff_client: Client, organization: Organization, owner: User
) -> None:
    friend = User.objects.create_user("friend@example.com")
    url = reverse("admin:accounts_organization_change", args=[organization.pk])
    data = form_data(staff_client.get(url)) | {"memberships-0-user": str(friend.pk)}
    assert staff_client.post(url, data).status_code == 200
    assert [member.user for member in organization.memberships.all()] == [owner]
