"""A year of a customer, with events doubled, delayed, out of order, and the process dying.

After each step plan, limits at the edge, invoices, messages and audit log are exactly what they
should be. The year runs three times: as it should, with deliveries shuffled and doubled and one of
each step's events a step late, and with the process dying between any two of its changes, those of
the customer's own requests as well.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.test import Client, TestCase

from apps.accounts.models import Organization, User
from apps.audit.models import AuditLog
from apps.billing.models import Invoice, StripeEvent, StripeEventState, Subscription
from apps.billing.services.events import events_handle_due
from apps.billing.services.sync import entitlements_apply_due
from apps.emails.models import Email, EmailState
from apps.emails.services.outbox import outbox_send_due
from apps.projects.models import Project
from apps.projects.selectors import key_record
from apps.projects.services.api_keys import api_key_create
from apps.projects.services.projects import project_create
from local_stack.stripe_double.lifecycle import FAILS_LATER_CARD, GOOD_CARD
from local_stack.stripe_double.store import Object
from shared import redis_keys
from tests.dashboard.billing.conftest import BACKEND
from tests.dashboard.billing.crashes import run_through_crashes
from tests.dashboard.sign_up import sign_up
from tests.doubles.mailgun import MailgunDouble
from tests.doubles.stripe_api import StripeDouble
from tests.doubles.upstash import UpstashDouble

pytestmark = [pytest.mark.django_db, pytest.mark.spread]
EMAIL = "ada@example.com"
SLUG = "acme"
RPM = {"free": 10, "starter": 50, "pro": 200}


@pytest.fixture(params=["orderly", "disorderly", "crashing"])
def year(request: pytest.FixtureRequest, stripe: StripeDouble, settings: Any) -> Iterator["Year"]:
    cache.clear()
    with (
        MailgunDouble() as mailgun,
        UpstashDouble() as upstash,
        time_machine.travel("2026-01-10T12:00:00Z", tick=False) as clock,
    ):
        settings.EMAIL_BACKEND = "apps.emails.backends.mailgun.EmailBackend"
        settings.MAILGUN_BASE_URL = mailgun.url
        settings.MAILGUN_DOMAIN = mailgun.domain
        settings.MAILGUN_API_KEY = mailgun.key
        settings.UPSTASH_REDIS_REST_URL = upstash.url
        settings.UPSTASH_REDIS_REST_TOKEN = upstash.token
        seen = AuditLog.objects.order_by("-pk")[0].pk  # the catalogue's
        yield Year(request.param, stripe, mailgun, upstash, clock, audit_seen=seen)


@dataclass
class Year:
    """The customer, what they do, and what must be true afterwards."""

    mode: str
    stripe: StripeDouble
    mailgun: MailgunDouble
    upstash: UpstashDouble
    clock: Any
    browser: Client = field(default_factory=Client)
    dice: random.Random = field(default_factory=lambda: random.Random(6))
    late: list[Object] = field(default_factory=list)
    key_hash: str = ""
    audit_seen: int = 0
    crashes: int = 0

    @property
    def organization(self) -> Organization:
        return Organization.objects.select_related("plan").get(slug=SLUG)

    def at(self, moment: str) -> None:
        """Time passes, and the cron job runs daily meanwhile."""
        target = datetime.fromisoformat(f"{moment}+00:00")
        while datetime.now(UTC) < target:
            tomorrow = min(datetime.now(UTC) + timedelta(days=1), target)
            self.clock.move_to(tomorrow)
            self.settle(eventful=tomorrow == target)

    def post(self, path: str) -> Any:
        """The customer signs in and presses a button of the billing page, again after a crash."""
        self.browser.force_login(User.objects.get(email=EMAIL), backend=BACKEND)
        answers: list[Any] = []

        def press() -> None:
            answers.append(self.browser.post(f"/app/{SLUG}/-/billing/{path}"))

        with TestCase.captureOnCommitCallbacks(execute=True):
            if self.mode == "crashing":
                self.crashes += run_through_crashes(press, lambda: None, self._requests)
            else:
                press()
        (answer,) = answers
        assert answer.status_code == 302
        assert not [
            str(message) for message in get_messages(answer.wsgi_request) if message.level > 25
        ]
        return answer

    def buy(self, plan: str) -> None:
        """Through Checkout, up to where Stripe has the money and we know nothing yet."""
        session_id = self.post(f"plan/{plan}/")["Location"].rpartition("/")[2]
        session = self.stripe.store.get(session_id, "checkout.session")
        self.stripe.lifecycle.complete_checkout(session, GOOD_CARD)

    def use_card(self, number: str) -> None:
        """In the customer portal."""
        self.stripe.lifecycle.set_card(self.stripe.store.all("customer")[0]["id"], number)

    def pay_open_invoice(self) -> None:
        """On the hosted invoice page."""
        assert self.stripe.lifecycle.pay_invoice(self.stripe.store.all("invoice", status="open")[0])

    def settle(self, *, eventful: bool = True) -> None:
        """Whatever Stripe has to say arrives, and the jobs run; days without news do not crash."""
        events = self.stripe.take_events()
        if self.mode != "orderly":
            self.late, events = events[:1], self.late + events[1:]
            events = events * 2
            self.dice.shuffle(events)
        with TestCase.captureOnCommitCallbacks(execute=True):
            if self.mode == "crashing" and (events or eventful):
                self.crashes += run_through_crashes(
                    lambda: self._arrive(events),
                    lambda: self.clock.shift(timedelta(minutes=11)),
                    self._requests,
                )
            else:
                self._arrive(events)

    def _requests(self) -> int:
        """How many requests Stripe, Mailgun and Redis have got."""
        return sum(len(double.requests) for double in (self.stripe, self.mailgun, self.upstash))

    def _arrive(self, events: list[Object]) -> None:
        """Stripe sends again what was not acknowledged, and nothing else."""
        while events:
            body, headers = self.stripe.signed(events[0])
            Client().post(
                "/webhooks/stripe",
                body,
                content_type="application/json",
                headers={"Stripe-Signature": headers["Stripe-Signature"]},
            )
            events.pop(0)
        events_handle_due()
        entitlements_apply_due()
        outbox_send_due()

    def expect(
        self, *, plan: str, invoices: list[str], messages: list[str], audit: list[str]
    ) -> None:
        """``messages`` and ``audit`` are what is new since the last call, in any order."""
        self.settle()
        if self.mode != "orderly":
            self.settle()  # what was held back
        assert self.organization.plan.slug == plan
        record = key_record(self.key_hash)
        assert record is not None
        assert record["plan"]["slug"] == plan
        assert record["plan"]["requests_per_minute"] == RPM[plan]
        self._expect_edge_knows(record)
        found = [_invoice(row) for row in Invoice.objects.order_by("created_at", "number")]
        assert found == invoices
        assert sorted(m.tags[0] for m in self.mailgun.messages) == sorted(messages)
        self.mailgun.messages.clear()
        unsent = Email.objects.exclude(state__in=[EmailState.SENT, EmailState.DELIVERED])
        assert not unsent.exists()
        new = AuditLog.objects.filter(pk__gt=self.audit_seen).order_by("pk")
        found = [_audit(entry) for entry in new]
        if self.mode == "crashing":  # who presses a button again after a crash has pressed it twice
            pressed = {action for action in found if action.startswith("billing.")}
            found = [action for action in found if action not in pressed] + list(pressed)
        assert sorted(found) == sorted(audit)
        self.audit_seen = max([self.audit_seen, *new.values_list("pk", flat=True)])

    def _expect_edge_knows(self, record: dict[str, Any]) -> None:
        """Whenever the record changed, Redis was told, so no edge serves an older one for long."""
        told = [
            int(command[2])
            for command in self.upstash.commands()
            if command[:2] == ["SET", redis_keys.revision(record["project_id"])]
        ]
        assert max(told, default=1) == record["revision"]


def _invoice(row: Invoice) -> str:
    refunded = f" refunded {row.amount_refunded}" if row.amount_refunded else ""
    dispute = f" disputed {row.dispute_status}" if row.dispute_status else ""
    return f"{row.amount_due} {row.status}{refunded}{dispute}"


def _audit(entry: AuditLog) -> str:
    change = entry.data.get("plan") or entry.data.get("status")
    if isinstance(change, dict):
        return f"{entry.action} {change['to']}"
    return entry.action


def test_a_year(year: Year) -> None:
    _sign_up(year)

    year.at("2026-01-12T12:00")
    year.buy("starter")
    year.expect(
        plan="starter",
        invoices=["2900 paid"],
        messages=["plan_changed"],
        audit=[
            "billing.checkout",
            "subscription.create active",
            "invoice.create paid",
            "organization.update Starter",
        ],
    )

    # February: a failure, and paid within the grace.
    year.use_card(FAILS_LATER_CARD)
    year.at("2026-02-12T13:00")
    year.expect(
        plan="starter",
        invoices=["2900 paid", "2900 open"],
        messages=["payment_failed"],
        audit=["subscription.update past_due", "invoice.create failed"],
    )
    year.use_card(GOOD_CARD)
    year.at("2026-02-16T13:00")  # Stripe tries again after three days
    year.expect(
        plan="starter",
        invoices=["2900 paid"] * 2,
        messages=["payment_recovered"],
        audit=["subscription.update active", "invoice.update paid"],
    )

    # March: an upgrade in the middle of a period, billed at once.
    year.at("2026-03-24T12:00")
    year.expect(
        plan="starter",
        invoices=["2900 paid"] * 3,
        messages=[],
        audit=["invoice.create paid"],
    )
    first_half = ["2900 paid"] * 3 + [_rest_of_march(2000, datetime.now(UTC))]
    year.post("plan/pro/")
    year.expect(
        plan="pro",
        invoices=first_half,
        messages=["plan_changed"],
        audit=["billing.change_plan", "invoice.create paid", "organization.update Pro"],
    )

    # April: down again. What is paid for stays in force until the period ends.
    year.at("2026-03-30T12:00")
    year.post("plan/starter/")
    year.expect(plan="pro", invoices=first_half, messages=[], audit=["billing.change_plan"])
    year.at("2026-04-12T13:00")
    year.expect(
        plan="starter",
        invoices=[*first_half, "2900 paid"],
        messages=["plan_changed"],
        audit=["invoice.create paid", "organization.update Starter"],
    )

    # May: the grace runs out, then the invoice is paid after all.
    year.use_card(FAILS_LATER_CARD)
    year.at("2026-05-16T12:00")
    year.expect(
        plan="starter",
        invoices=[*first_half, "2900 paid", "2900 open"],
        messages=["payment_failed"],
        audit=["subscription.update past_due", "invoice.create failed"],
    )
    year.at("2026-05-19T13:00")
    year.expect(
        plan="free",
        invoices=[*first_half, "2900 paid", "2900 open"],
        messages=["plan_changed"],
        audit=["organization.update Free"],
    )
    assert Project.objects.get().archived_at is None  # nothing was taken away
    year.use_card(GOOD_CARD)
    year.pay_open_invoice()
    spring = [*first_half, "2900 paid", "2900 paid"]
    year.expect(
        plan="starter",
        invoices=spring,
        messages=["payment_recovered", "plan_changed"],
        audit=["subscription.update active", "invoice.update paid", "organization.update Starter"],
    )

    # June: cancelled, in force until the period ends.
    year.at("2026-06-20T12:00")
    year.expect(
        plan="starter",
        invoices=[*spring, "2900 paid"],
        messages=[],
        audit=["invoice.create paid"],
    )
    year.post("plan/free/")
    year.expect(
        plan="starter",
        invoices=[*spring, "2900 paid"],
        messages=["cancellation_scheduled"],
        audit=["billing.cancel"],
    )
    year.at("2026-07-12T13:00")
    summer = [*spring, "2900 paid"]
    year.expect(
        plan="free",
        invoices=summer,
        messages=["plan_changed"],
        audit=["subscription.update canceled", "organization.update Free"],
    )

    # October: back, on Pro; a month later the payment is disputed, and a later one refunded.
    year.at("2026-10-01T12:00")
    year.buy("pro")
    autumn = [*summer, "4900 paid"]
    year.expect(
        plan="pro",
        invoices=autumn,
        messages=["plan_changed"],
        audit=[
            "billing.checkout",
            "subscription.create active",
            "invoice.create paid",
            "organization.update Pro",
        ],
    )
    year.stripe.lifecycle.open_dispute(year.stripe.store.all("charge")[0])
    year.expect(
        plan="pro",
        invoices=[*summer, "4900 paid disputed needs_response"],
        messages=[],
        audit=["invoice.update disputed (needs_response)"],
    )
    year.stripe.lifecycle.close_dispute(year.stripe.store.all("dispute")[0], "won")
    year.expect(
        plan="pro",
        invoices=[*summer, "4900 paid disputed won"],
        messages=[],
        audit=["invoice.update disputed (won)"],
    )
    year.at("2026-11-05T12:00")
    year.stripe.lifecycle.refund(year.stripe.store.all("charge")[0])
    year.expect(
        plan="pro",
        invoices=[*summer, "4900 paid disputed won", "4900 paid refunded 4900"],
        messages=["refund_issued"],
        audit=["invoice.create paid", "invoice.update refunded (4900)"],
    )

    assert not StripeEvent.objects.exclude(state=StripeEventState.SUCCEEDED).exists()
    if year.mode == "crashing":
        assert year.crashes > 300, year.crashes


def _sign_up(year: Year) -> None:
    sign_up(year.browser, {"organization": "Acme", "email": EMAIL, "password1": "long-enough-42"})
    owner = User.objects.get(email=EMAIL)
    project = project_create(organization=year.organization, name="Search", actor=owner)
    with TestCase.captureOnCommitCallbacks(execute=True):
        created = api_key_create(project=project, name="Server", actor=owner)
    year.key_hash = created.api_key.key_hash
    year.expect(
        plan="free",
        invoices=[],
        messages=["welcome", "verify", "key_created"],
        audit=["organization.create", "project.create", "api_key.create"],
    )


def _rest_of_march(cents: int, moment: datetime) -> str:
    """The prorated difference for what is left of the 31 days that end in April."""
    left = Subscription.objects.get().current_period_end - moment
    return f"{int(cents * left / timedelta(days=31))} paid"
