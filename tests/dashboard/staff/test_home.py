"""The business on the staff site's first page: money from the copies of Stripe's rows."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Organization, Plan
from apps.billing.models import BillingCustomer, Invoice, Subscription
from apps.projects.services.api_keys import CreatedApiKey
from apps.staff import home
from apps.usage.rollup import usage_rollup
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)
MONTH = datetime(2026, 3, 1, tzinfo=UTC)


def _customer(name: str) -> BillingCustomer:
    free = Plan.objects.get(slug="free")
    organization = Organization.objects.create(name=name, slug=name, plan=free)
    return BillingCustomer.objects.create(
        organization=organization, stripe_customer_id=f"cus_{name}", applied_plan=free
    )


def _subscription(
    customer: BillingCustomer, plan: str, status: str, *, ended: bool = False
) -> None:
    Subscription.objects.create(
        stripe_subscription_id=f"sub_{Subscription.objects.count()}",
        customer=customer,
        stripe_item_id="si",
        stripe_price_id="price",
        plan=Plan.objects.get(slug=plan),
        status=status,
        started_at=MONTH,
        current_period_end=NOON,
        ended_at=NOON if ended else None,
    )


def _invoice(customer: BillingCustomer, paid_at: datetime | None, paid: int, refunded: int) -> None:
    Invoice.objects.create(
        stripe_invoice_id=f"in_{Invoice.objects.count()}",
        customer=customer,
        status="paid" if paid_at else "open",
        currency="usd",
        amount_due=paid,
        amount_paid=paid,
        amount_refunded=refunded,
        created_at=MONTH,
        paid_at=paid_at,
    )


def test_revenue_is_what_is_paid_for_now() -> None:
    customers = [_customer(name) for name in ("one", "two", "three", "four", "five")]
    states = ("active", "active", "trialing", "past_due", "unpaid")
    for customer, status, plan in zip(
        customers, states, ("starter", "pro", "pro", "pro", "starter"), strict=True
    ):
        _subscription(customer, plan, status)
    _subscription(customers[0], "pro", "canceled", ended=True)
    _invoice(customers[0], MONTH, 2900, 900)
    _invoice(customers[1], MONTH - timedelta(seconds=1), 4900, 0)
    _invoice(customers[3], None, 0, 0)
    prices = dict(Plan.objects.values_list("slug", "price_cents"))
    assert home.business(month=MONTH) == home.Business(
        monthly=prices["starter"] + prices["pro"], paying=2, trials=1, overdue=2, received=2000
    )


def test_nobody_has_paid_yet(staff_client: Client) -> None:
    assert home.business(month=MONTH) == home.Business(0, 0, 0, 0, 0)
    text = re.sub(r"\s+", " ", staff_client.get("/admin/").content.decode())
    assert "0 paying, 0 on trial" in text


def test_a_day_begins_at_midnight_utc(created_key: CreatedApiKey) -> None:
    today = NOON.replace(hour=0)
    for hours, status in ((-25, "HIT"), (-1, "HIT"), (-24, "MISS"), (0, "MISS"), (23, "HIT")):
        ts = today + timedelta(hours=hours)
        usage_row(created_key.api_key, ts=ts, cache_status=status, saved_nanousd=10**9).save()
    usage_rollup()
    now, before = home.two_days(today)
    assert (now.requests, now.hits, now.saved_nanousd) == (2, 1, 2 * 10**9)
    assert (before.requests, before.hit_percent) == (2, 50.0)


def test_what_was_refused_is_outside_the_hit_rate(created_key: CreatedApiKey) -> None:
    today = NOON.replace(hour=0)
    for status in ("HIT", "MISS", "REFUSED", "REFUSED"):
        usage_row(created_key.api_key, ts=today, cache_status=status).save()
    usage_rollup()
    now, _ = home.two_days(today)
    assert (now.requests, now.refused, now.hit_percent) == (4, 2, 50.0)


def test_few_queries(staff_client: Client, created_key: CreatedApiKey) -> None:
    for name in ("one", "two"):
        _subscription(_customer(name), "pro", "past_due")
    staff_client.get("/admin/")
    with CaptureQueriesContext(connection) as captured:
        page = staff_client.get("/admin/").content.decode()
    assert len(captured) <= 12
    assert "status__in=past_due,unpaid" in page
    overdue = staff_client.get("/admin/billing/subscription/?status__in=past_due,unpaid")
    assert len(overdue.context["cl"].result_list) == 2


def test_organizations_of_the_last_seven_days(staff_client: Client) -> None:
    with time_machine.travel(datetime.now(UTC) - timedelta(days=8)):
        _customer("old")
    _customer("new")
    assert staff_client.get("/admin/").context["new_organizations"] == 1
