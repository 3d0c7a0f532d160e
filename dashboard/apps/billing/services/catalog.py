"""Products and prices at Stripe, made from the plans table.

A plan is a product whose id is ``watchllm_<slug>``; its price carries the lookup key of the same
name. A price cannot change its amount: another amount makes another price, the lookup key moves to
it, and the old one is archived, on which running subscriptions stay until they are changed.
"""

from collections.abc import Iterator
from typing import Any

import stripe
from django.db import transaction

from apps.accounts.models import Plan
from apps.accounts.services.plans import plan_update
from apps.billing.stripe_client import stripe_client

CURRENCY = "usd"
PORTAL_FEATURES: dict[str, Any] = {
    "customer_update": {"enabled": True, "allowed_updates": ["email", "address", "tax_id"]},
    "invoice_history": {"enabled": True},
    "payment_method_update": {"enabled": True},
    "subscription_cancel": {"enabled": True, "mode": "at_period_end"},
    # Plans are changed on our page, which says what a change means for this organization.
    "subscription_update": {"enabled": False},
}
_PORTAL_MARK = {"watchllm": "portal"}


def catalog_sync(*, dry_run: bool) -> list[str]:
    """Makes Stripe's products and prices match the public plans; returns what was (or would be)
    done.

    A second run does nothing and returns an empty list.
    """
    with stripe_client() as client:
        done = [
            line
            for plan in Plan.objects.filter(public=True)
            for line in _sync_plan(client, plan, dry_run=dry_run)
        ]
        done += [
            line
            for plan in Plan.objects.filter(public=False)
            for line in _withdraw(client, plan, dry_run=dry_run)
        ]
        if not any(_portal_configurations(client)):
            done.append("create the customer portal's configuration")
            if not dry_run:
                client.v1.billing_portal.configurations.create(
                    params={"features": PORTAL_FEATURES, "metadata": _PORTAL_MARK}  # type: ignore[typeddict-item]
                )
    return done


def portal_configuration(client: stripe.StripeClient) -> str | None:
    """The id of ours, or None before the first ``catalog_sync``."""
    return next(_portal_configurations(client), None)


def _portal_configurations(client: stripe.StripeClient) -> Iterator[str]:
    listed = client.v1.billing_portal.configurations.list(params={"active": True, "limit": 100})
    for configuration in listed.auto_paging_iter():
        marks = configuration.metadata.to_dict() if configuration.metadata else {}
        if marks == _PORTAL_MARK:
            yield configuration.id


def _product(client: stripe.StripeClient, plan: Plan) -> stripe.Product | None:
    listed = client.v1.products.list(params={"ids": [f"watchllm_{plan.slug}"], "limit": 1})
    return next(iter(listed.data), None)


def _withdraw(client: stripe.StripeClient, plan: Plan, *, dry_run: bool) -> Iterator[str]:
    """Archives a price; its running subscriptions go on."""
    product = _product(client, plan)
    if product is not None and product.active:
        yield f"archive product {product.id}"
        if not dry_run:
            client.v1.products.update(product.id, params={"active": False})


def _sync_plan(client: stripe.StripeClient, plan: Plan, *, dry_run: bool) -> Iterator[str]:
    identifier = f"watchllm_{plan.slug}"
    product = _product(client, plan)
    name = f"WatchLLM {plan.name}"
    if product is None:
        yield f"create product {identifier}"
        if not dry_run:
            client.v1.products.create(
                params={"id": identifier, "name": name, "metadata": {"plan": plan.slug}}
            )
    elif product.name != name or not product.active:
        yield f"update product {identifier}"
        if not dry_run:
            client.v1.products.update(identifier, params={"name": name, "active": True})
    price = next(
        iter(
            client.v1.prices.list(
                params={"lookup_keys": [identifier], "active": True, "limit": 1}
            ).data
        ),
        None,
    )
    if price is None or price.unit_amount != plan.price_cents or price.currency != CURRENCY:
        yield f"create price {identifier} of {plan.price_cents} {CURRENCY} a month"
        if dry_run:
            return
        made = client.v1.prices.create(
            params={
                "product": identifier,
                "currency": CURRENCY,
                "unit_amount": plan.price_cents,
                "recurring": {"interval": "month"},
                "lookup_key": identifier,
                "transfer_lookup_key": True,
                "metadata": {"plan": plan.slug},
            }
        )
        if price is not None:
            client.v1.prices.update(price.id, params={"active": False})
        price = made
    if plan.stripe_price_id != price.id:
        yield f"note price {price.id} on plan {plan.slug}"
        if not dry_run:
            with transaction.atomic():
                plan_update(plan=plan, actor=None, stripe_price_id=price.id)
