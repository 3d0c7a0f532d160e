"""Comparing Stripe with our records: by hand, and daily as it is configured."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Organization, Plan
from apps.accounts.services.organizations import organization_update
from apps.billing.models import StripeEvent
from apps.billing.services.reconcile import reconcile_daily
from apps.jobs.models import JobRun
from apps.jobs.registry import JOBS
from apps.jobs.services import tick
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db
Buy = Callable[[str], None]


def test_reconcile_mends_what_never_arrived_and_tells_of_the_rest(
    owner_client: Client,
    buy: Buy,
    stripe: StripeDouble,
    organization: Organization,
    capsys: pytest.CaptureFixture[str],
) -> None:
    buy("starter")
    call_command("stripe_reconcile", "--dry-run")
    told = capsys.readouterr().out
    assert "(invoice.paid) had not arrived" in told
    assert "Acme: plan: free → starter" in told
    organization.refresh_from_db()
    assert organization.plan.slug == "free"
    assert not StripeEvent.objects.exists()
    call_command("stripe_reconcile")
    organization.refresh_from_db()
    assert organization.plan.slug == "starter"
    capsys.readouterr()
    call_command("stripe_reconcile")
    assert capsys.readouterr().out == "0 differences\n"
    organization_update(organization=organization, actor=None, plan=Plan.objects.get(slug="pro"))
    call_command("stripe_reconcile")
    assert "on pro, given by staff; starter is paid for" in capsys.readouterr().out


def test_it_runs_daily_as_it_is_told_to(
    buy: Buy, stripe: StripeDouble, organization: Organization, settings: Any
) -> None:
    job = [job for job in JOBS if job.name == "stripe_reconcile"]
    buy("starter")

    def plan_after(policy: str) -> str:
        settings.STRIPE_RECONCILE = policy
        tick(jobs=job)
        organization.refresh_from_db()
        return organization.plan.slug

    with time_machine.travel(timezone.now(), tick=False) as clock:
        asked = len(stripe.requests)
        assert plan_after("off") == "free"
        assert len(stripe.requests) == asked
        clock.shift(timedelta(days=1))
        assert plan_after("report") == "free"
        assert not StripeEvent.objects.exists()
        assert "nothing was kept" in JobRun.objects.get(name="stripe_reconcile").last_result
        clock.shift(timedelta(hours=23))
        assert plan_after("mend") == "free"  # not due
        clock.shift(timedelta(hours=1))
        assert plan_after("mend") == "starter"
        # Again, and by a machine that began with the first: nothing is left to mend.
        assert reconcile_daily().startswith("0 differences")
        assert not JobRun.objects.exclude(last_error="").exists()
