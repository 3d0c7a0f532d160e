"""An organization's General page: its name, and how it is deleted."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Organization, Plan, User
from apps.accounts.services.invitations import invitation_create
from apps.audit.models import AuditLog
from apps.billing.models import BillingCustomer, Subscription
from apps.projects.models import Project
from apps.projects.selectors import key_record
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage.erasure import GRACE, projects_erase_due
from apps.usage.models import UsageDaily, UsageHourly, UsageLog
from tests.dashboard.pages.conftest import Cast

pytestmark = pytest.mark.django_db
PAGE = "/app/acme/-/settings/"


def _subscription(organization: Organization, **values: object) -> Subscription:
    plan = Plan.objects.get(slug="pro")
    now = timezone.now()
    return Subscription.objects.create(
        stripe_subscription_id="sub_1",
        customer=BillingCustomer.objects.create(
            organization=organization, stripe_customer_id="cus_1", applied_plan=plan
        ),
        plan=plan,
        status="active",
        started_at=now,
        current_period_end=now + timedelta(days=30),
        **values,
    )


def test_an_admin_renames_and_addresses_stay(cast: Cast, organization: Organization) -> None:
    assert "General" in cast.admin.get("/app/acme/-/team/").content.decode()
    assert cast.admin.post(PAGE, {"name": "Acme & Sons"})["Location"] == PAGE
    assert "Acme &amp; Sons" in cast.admin.get(PAGE).content.decode()
    assert AuditLog.objects.filter(action="organization.update").count() == 1
    assert "This field is required" in cast.admin.post(PAGE, {"name": " "}).content.decode()


def test_members_do_not_see_it_and_admins_do_not_delete(
    cast: Cast, organization: Organization
) -> None:
    assert cast.member.get(PAGE).status_code == 403
    assert "Delete this organization" not in cast.admin.get(PAGE).content.decode()
    assert cast.admin.post(f"{PAGE}delete/", {"confirmation": "Acme"}).status_code == 403
    page = cast.owner.post(f"{PAGE}delete/", {"confirmation": "acme"}).content.decode()
    assert "This is not “Acme”." in page
    organization.refresh_from_db()
    assert organization.disabled_at is None


def test_its_end_is_its_projects_and_its_members(
    cast: Cast, organization: Organization, owner: User, created_key: CreatedApiKey, log: UsageLog
) -> None:
    invitation_create(
        organization=organization, email="new@example.com", role="viewer", actor=owner
    )
    gone = cast.owner.post(f"{PAGE}delete/", {"confirmation": "Acme"}, follow=True)
    assert "“Acme” is deleted" in gone.content.decode()
    assert "You belong to no organization yet" in gone.content.decode()
    assert not Membership.objects.filter(organization=organization).exists()
    assert Invitation.objects.get().revoked_at is not None
    record = key_record(created_key.api_key.key_hash)
    assert record is not None
    assert record["status"] == "suspended"
    assert cast.owner.get(PAGE).status_code == 404
    assert AuditLog.objects.filter(action="organization.delete").exists()

    Project.objects.update(deletion_requested_at=timezone.now() - GRACE)
    assert projects_erase_due() >= 1
    for rows in (UsageLog, UsageHourly, UsageDaily):
        assert not rows.objects.exists()


def test_a_subscription_that_goes_on_is_cancelled_first(
    cast: Cast, organization: Organization
) -> None:
    subscription = _subscription(organization)
    page = cast.owner.post(f"{PAGE}delete/", {"confirmation": "Acme"}).content.decode()
    assert "Cancel the subscription first" in page
    assert Membership.objects.filter(organization=organization).exists()
    subscription.cancel_at = subscription.current_period_end
    subscription.save()
    assert cast.owner.post(f"{PAGE}delete/", {"confirmation": "Acme"}).status_code == 302
    assert not Membership.objects.filter(organization=organization).exists()
