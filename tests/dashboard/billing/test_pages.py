"""The billing pages: who may, what is said before and afterwards, and Stripe being away."""

from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.test import Client

from apps.accounts.models import Membership, Organization, Plan, Role, User
from apps.accounts.services.organizations import organization_update
from apps.accounts.services.plans import plan_update
from apps.billing.models import BillingCustomer, StripeEvent, Subscription
from apps.billing.services.catalog import catalog_sync
from apps.projects.services.projects import project_create
from local_stack.stripe_double.lifecycle import FAILS_LATER_CARD
from tests.dashboard.billing.conftest import BACKEND
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db
Buy = Callable[[str], None]
PAGE = "/app/acme/-/billing/"
PAGES = (
    ("GET", PAGE),
    ("GET", f"{PAGE}plan/pro/"),
    ("POST", f"{PAGE}plan/pro/"),
    ("POST", f"{PAGE}portal/"),
    ("POST", f"{PAGE}resume/"),
)


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_only_owners_and_admins_of_the_organization_get_in(
    stripe: StripeDouble, organization: Organization, method: str, path: str
) -> None:
    for role, status in ((Role.MEMBER, 403), (Role.VIEWER, 403), (None, 404)):
        user = User.objects.create_user(f"{role}@example.com")
        if role:
            Membership.objects.create(organization=organization, user=user, role=role)
        client = Client()
        client.force_login(user, backend=BACKEND)
        assert client.generic(method, path).status_code == status
    assert Client().generic(method, path)["Location"].startswith("/accounts/login/")
    assert not BillingCustomer.objects.exists()


def test_an_admin_may_buy(stripe: StripeDouble, organization: Organization) -> None:
    admin = User.objects.create_user("admin@example.com")
    Membership.objects.create(organization=organization, user=admin, role=Role.ADMIN)
    client = Client()
    client.force_login(admin, backend=BACKEND)
    assert client.post(f"{PAGE}plan/pro/")["Location"].startswith(stripe.url)


def test_coming_back_from_checkout_shows_the_plan_before_any_webhook(
    owner_client: Client, buy: Buy
) -> None:
    assert b"No invoice yet" in owner_client.get(PAGE).content
    buy("starter")
    answer = owner_client.get(f"{PAGE}?checkout=done", follow=True)
    page = answer.content.decode()
    assert "Starter plan, paid for" in page
    assert "WLLM-0001" in page
    assert not StripeEvent.objects.exists()


def test_the_quota_starts_again_in_utc_wherever_the_visitor_is(
    owner_client: Client, stripe: StripeDouble, organization: Organization
) -> None:
    owner_client.cookies["tz"] = "America/New_York"
    with time_machine.travel("2026-11-28T12:00:00Z", tick=False):
        page = owner_client.get(PAGE).content.decode()
    assert "1 December 2026 (UTC)" in page


def test_the_form_may_lead_to_stripe_and_nowhere_else(
    owner_client: Client, stripe: StripeDouble, organization: Organization
) -> None:
    policy = owner_client.get(f"{PAGE}plan/pro/")["Content-Security-Policy"]
    assert "form-action 'self' https://checkout.stripe.com https://billing.stripe.com" in policy


def test_a_downgrade_says_what_it_means(
    owner_client: Client, buy: Buy, organization: Organization, owner: User
) -> None:
    buy("pro")
    owner_client.get(f"{PAGE}?checkout=done")
    organization.refresh_from_db()
    for number in range(4):
        project_create(organization=organization, name=f"P{number}", actor=owner)
    page = owner_client.get(f"{PAGE}plan/free/").content.decode()
    assert "You have 4 projects and the plan allows 3" in page
    assert "Nothing is deleted" in page
    assert "50,000 requests" in page


def test_a_second_click_on_checkout_buys_nothing_twice(
    owner_client: Client, buy: Buy, stripe: StripeDouble
) -> None:
    buy("starter")
    # Nothing of it is known here yet, and the page is still open in another tab.
    answer = owner_client.post(f"{PAGE}plan/starter/", follow=True)
    assert "Starter plan, paid for" in answer.content.decode()
    assert len(stripe.store.all("subscription")) == 1


def test_taking_a_downgrade_back_costs_nothing(
    owner_client: Client, buy: Buy, stripe: StripeDouble, organization: Organization
) -> None:
    buy("pro")
    owner_client.get(f"{PAGE}?checkout=done")
    owner_client.post(f"{PAGE}plan/starter/")
    row = Subscription.objects.get()
    assert (row.plan.slug, row.keep_plan and row.keep_plan.slug) == ("starter", "pro")
    assert "Pro is paid for until" in owner_client.get(PAGE).content.decode()
    page = owner_client.get(f"{PAGE}plan/pro/").content.decode()
    assert "Stay on Pro" in page
    assert "nothing is charged now" in page
    owner_client.post(f"{PAGE}plan/pro/")
    row.refresh_from_db()
    assert (row.plan.slug, row.keep_plan) == ("pro", None)
    assert len(stripe.store.all("invoice")) == 1
    organization.refresh_from_db()
    assert organization.plan.slug == "pro"


def test_a_downgrade_of_long_ago_makes_nothing_cheaper(
    owner: User, buy: Buy, stripe: StripeDouble, organization: Organization
) -> None:
    """What was kept until February stays noted at Stripe; later the dearer plan is paid again."""

    def press(path: str, *, get: bool = False) -> str:
        client = Client()
        client.force_login(owner, backend=BACKEND)
        send = client.get if get else client.post
        return send(f"{PAGE}{path}", follow=True).content.decode()

    with time_machine.travel("2026-01-10T12:00:00Z", tick=False) as clock:
        buy("pro")
        press("?checkout=done", get=True)
        assert "Starter begins on 10 February 2026; until then Pro stays." in press("plan/starter/")
        clock.move_to("2026-02-20T13:00:00Z")
        page = press("?checkout=done", get=True)
        assert "Starter plan, paid for" in page
        assert "is paid for until" not in page
        assert "is charged now" in press("plan/pro/", get=True)
        assert "Pro is in force within a minute." in press("plan/pro/")
    amounts = [invoice["amount_paid"] for invoice in stripe.store.all("invoice")]
    assert amounts[1:] == [2900, 4900]
    assert amounts[0] > 1000
    organization.refresh_from_db()
    assert organization.plan.slug == "pro"


@pytest.mark.parametrize("subscribed", [False, True])
def test_nobody_is_charged_another_amount_than_the_page_shows(
    owner_client: Client, buy: Buy, stripe: StripeDouble, subscribed: bool
) -> None:
    """Staff changed a price and have not run `stripe_sync` yet."""
    if subscribed:
        buy("starter")
        owner_client.get(f"{PAGE}?checkout=done")
    plan_update(plan=Plan.objects.get(slug="pro"), actor=None, price_cents=5900)
    invoices = len(stripe.store.all("invoice"))
    page = owner_client.post(f"{PAGE}plan/pro/", follow=True).content.decode()
    assert "Pro is not for sale just now" in page
    assert len(stripe.store.all("invoice")) == invoices
    catalog_sync(dry_run=False)
    answer = owner_client.post(f"{PAGE}plan/pro/")
    assert answer["Location"].startswith(PAGE if subscribed else stripe.url)


def test_cancelling_and_keeping(owner_client: Client, buy: Buy) -> None:
    buy("starter")
    owner_client.get(f"{PAGE}?checkout=done")
    owner_client.post(f"{PAGE}plan/free/")
    assert "The subscription ends on" in owner_client.get(PAGE).content.decode()
    owner_client.post(f"{PAGE}resume/")
    assert "The subscription ends on" not in owner_client.get(PAGE).content.decode()
    assert Subscription.objects.get().cancel_at is None


def test_the_portal_is_ours_and_the_customers(
    owner_client: Client, buy: Buy, stripe: StripeDouble
) -> None:
    buy("starter")
    address = owner_client.post(f"{PAGE}portal/")["Location"]
    session = stripe.store.get(address.rpartition("/")[2], "billing_portal.session")
    assert session["customer"] == BillingCustomer.objects.get().stripe_customer_id
    configuration = stripe.store.get(session["configuration"], "billing_portal.configuration")
    assert configuration["metadata"] == {"watchllm": "portal"}
    assert session["return_url"].endswith(PAGE)


def test_a_trial_is_for_those_who_never_paid(
    owner_client: Client, buy: Buy, stripe: StripeDouble, settings: Any
) -> None:
    settings.STRIPE_TRIAL_DAYS = 14
    buy("starter")
    owner_client.get(f"{PAGE}?checkout=done")
    assert Subscription.objects.get().status == "trialing"
    stripe.lifecycle.cancel(stripe.store.all("subscription")[0])
    buy("starter")
    owner_client.get(f"{PAGE}?checkout=done")
    assert sorted(Subscription.objects.values_list("status", flat=True)) == ["active", "canceled"]


def test_with_stripe_away_the_page_is_there_and_says_so(
    owner_client: Client, stripe: StripeDouble, organization: Organization, settings: Any
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_wrong"
    answer = owner_client.post(f"{PAGE}plan/pro/", follow=True)
    assert "The payment provider could not do that just now" in answer.content.decode()


def test_without_stripe_nothing_is_for_sale(
    owner_client: Client, organization: Organization, db: None
) -> None:
    page = owner_client.get(PAGE).content.decode()
    assert "Payments are not set up here" in page
    assert "Choose Pro" not in page


def test_overdue_is_said_with_the_day(
    owner: User, buy: Buy, stripe: StripeDouble, organization: Organization
) -> None:
    with time_machine.travel("2026-01-10T12:00:00Z", tick=False) as clock:
        buy("starter")
        stripe.lifecycle.set_card(stripe.store.all("customer")[0]["id"], FAILS_LATER_CARD)
        clock.move_to("2026-02-10T13:00:00Z")
        client = Client()
        client.force_login(owner, backend=BACKEND)
        page = client.get(f"{PAGE}?checkout=done", follow=True).content.decode()
    assert "Service goes on unchanged until 17 February 2026" in page


def test_what_staff_gave_stands_until_what_is_paid_for_changes(
    owner_client: Client, buy: Buy, stripe: StripeDouble, organization: Organization, staff: User
) -> None:
    buy("starter")
    owner_client.get(f"{PAGE}?checkout=done")
    organization.refresh_from_db()
    organization_update(organization=organization, actor=staff, plan=Plan.objects.get(slug="pro"))
    owner_client.get(f"{PAGE}?checkout=done")
    organization.refresh_from_db()
    assert organization.plan.slug == "pro"
    stripe.lifecycle.cancel(stripe.store.all("subscription")[0])
    owner_client.get(f"{PAGE}?checkout=done")
    organization.refresh_from_db()
    assert organization.plan.slug == "free"
