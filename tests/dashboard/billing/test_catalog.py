"""`manage.py stripe_sync`: idempotent, honest in a dry run, true to Stripe's rules on prices."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.accounts.models import Plan
from apps.accounts.services.plans import plan_update
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db


def _sync(*arguments: str) -> list[str]:
    out = StringIO()
    call_command("stripe_sync", *arguments, stdout=out)
    return out.getvalue().splitlines()


def test_a_dry_run_only_tells(stripe_double: StripeDouble) -> None:
    told = _sync("--dry-run")
    assert "would create product watchllm_starter" in told
    assert all(request.method == "GET" for request in stripe_double.requests)
    assert not stripe_double.store.objects


def test_products_and_prices_follow_the_plans_and_a_second_run_does_nothing(
    stripe_double: StripeDouble,
) -> None:
    _sync()
    prices = {p["lookup_key"]: p["unit_amount"] for p in stripe_double.store.all("price")}
    assert prices == {"watchllm_free": 0, "watchllm_starter": 2900, "watchllm_pro": 4900}
    pro = Plan.objects.get(slug="pro")
    assert stripe_double.store.get(pro.stripe_price_id, "price")["metadata"] == {"plan": "pro"}
    stripe_double.forget()
    assert _sync() == ["nothing to do"]
    assert all(request.method == "GET" for request in stripe_double.requests)


def test_another_amount_is_another_price(stripe_double: StripeDouble) -> None:
    _sync()
    before = Plan.objects.get(slug="pro")
    plan_update(plan=before, actor=None, price_cents=5900)
    assert "create price watchllm_pro of 5900 usd a month" in _sync()
    after = Plan.objects.get(slug="pro")
    assert after.stripe_price_id != before.stripe_price_id
    old = stripe_double.store.get(before.stripe_price_id, "price")
    assert (old["active"], old["lookup_key"]) == (False, None)
    assert _sync() == ["nothing to do"]


def test_a_plan_that_is_withdrawn_is_archived_and_can_come_back(
    stripe_double: StripeDouble,
) -> None:
    _sync()
    plan_update(plan=Plan.objects.get(slug="pro"), actor=None, public=False)
    assert _sync("--dry-run") == ["would archive product watchllm_pro"]
    assert _sync() == ["archive product watchllm_pro"]
    assert _sync() == ["nothing to do"]
    plan_update(plan=Plan.objects.get(slug="pro"), actor=None, public=True)
    assert _sync() == ["update product watchllm_pro"]
    assert stripe_double.store.get("watchllm_pro", "product")["active"] is True


def test_without_a_key_it_says_so(db: None, settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    with pytest.raises(CommandError, match="STRIPE_SECRET_KEY"):
        _sync()
