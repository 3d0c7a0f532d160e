"""Linking organizations with customers at Stripe."""

import hashlib

import stripe
from django.db import transaction

from apps.accounts.models import Organization, Role, User
from apps.billing.models import BillingCustomer

ORGANIZATION = "organization_id"
"""Metadata of a customer at Stripe, from which a lost link is found again."""


def customer_ensure(
    *, client: stripe.StripeClient, organization: Organization, actor: User
) -> BillingCustomer:
    """The organization's customer, made at Stripe when there is none.

    A crash between Stripe's answer and our row makes no second customer: the idempotency key is the
    organization's.
    """
    known = BillingCustomer.objects.filter(organization=organization).first()
    if known is not None:
        return known
    owner = organization.memberships.filter(role=Role.OWNER).select_related("user").first()
    email = owner.user.email if owner else actor.email
    digest = hashlib.sha256(f"{organization.name}\n{email}".encode()).hexdigest()[:16]
    made = client.v1.customers.create(
        params={
            "name": organization.name,
            "email": email,
            "metadata": {ORGANIZATION: str(organization.pk)},
        },
        options={"idempotency_key": f"customer-{organization.pk}-{digest}"},
    )
    return _link(organization, made.id)


def customer_find(
    *, client: stripe.StripeClient, stripe_customer_id: str
) -> BillingCustomer | None:
    """By our row, or else by what the customer at Stripe says; None when it is none of ours."""
    known = (
        BillingCustomer.objects.filter(stripe_customer_id=stripe_customer_id)
        .select_related("organization")
        .first()
    )
    if known is not None:
        return known
    found = client.v1.customers.retrieve(stripe_customer_id)
    marks = found.metadata.to_dict() if "metadata" in found and found.metadata else {}
    organization = Organization.objects.filter(pk=marks[ORGANIZATION]).first() if marks else None
    return _link(organization, stripe_customer_id) if organization else None


@transaction.atomic
def _link(organization: Organization, stripe_customer_id: str) -> BillingCustomer:
    customer, _ = BillingCustomer.objects.get_or_create(
        organization=organization,
        defaults={"stripe_customer_id": stripe_customer_id, "applied_plan": organization.plan},
    )
    return customer
