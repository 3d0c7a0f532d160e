"""Linking organizations with customers at Stripe."""

import hashlib
from uuid import UUID

import stripe
from django.db import transaction

from apps.accounts.models import Organization, Role, User
from apps.billing.models import BillingCustomer

ORGANIZATION = "organization_id"
"""Metadata of a customer at Stripe, from which a lost link is found again."""


def customer_ensure(
    *, client: stripe.StripeClient, organization: Organization, actor: User
) -> BillingCustomer:
    """The organization's customer, made at Stripe when there is none or it was deleted there.

    A crash between Stripe's answer and our row makes no second customer: the idempotency key is the
    organization's.
    """
    known = BillingCustomer.objects.filter(organization=organization).first()
    if known is not None and not _deleted(client, known):
        return known
    owner = organization.memberships.filter(role=Role.OWNER).select_related("user").first()
    email = owner.user.email if owner else actor.email
    instead_of = known.stripe_customer_id if known else ""
    facts = f"{organization.name}\n{email}\n{instead_of}"
    digest = hashlib.sha256(facts.encode()).hexdigest()[:16]
    made = client.v1.customers.create(
        params={
            "name": organization.name,
            "email": email,
            "metadata": {ORGANIZATION: str(organization.pk)},
        },
        options={"idempotency_key": f"customer-{organization.pk}-{digest}"},
    )
    if known is None:
        return _link(organization, made.id)
    known.stripe_customer_id = made.id
    known.save(update_fields=["stripe_customer_id"])
    return known


def customer_find(
    *, client: stripe.StripeClient, stripe_customer_id: str
) -> BillingCustomer | None:
    """By our row, or else by the metadata of Stripe's customer; None when it is not ours."""
    known = (
        BillingCustomer.objects.filter(stripe_customer_id=stripe_customer_id)
        .select_related("organization")
        .first()
    )
    if known is not None:
        return known
    try:
        found = client.v1.customers.retrieve(stripe_customer_id)
    except stripe.InvalidRequestError as error:
        if error.code == "resource_missing":  # of another account, or of test mode
            return None
        raise
    marks = found.metadata.to_dict() if "metadata" in found and found.metadata else {}
    organization = _organization(marks.get(ORGANIZATION, ""))
    return _link(organization, stripe_customer_id) if organization else None


def _deleted(client: stripe.StripeClient, customer: BillingCustomer) -> bool:
    """True for a customer that was deleted at Stripe: it keeps its history but can buy nothing."""
    found = client.v1.customers.retrieve(customer.stripe_customer_id)
    return "deleted" in found


def _organization(identifier: str) -> Organization | None:
    try:
        return Organization.objects.filter(pk=UUID(identifier)).first()
    except ValueError:
        return None


@transaction.atomic
def _link(organization: Organization, stripe_customer_id: str) -> BillingCustomer:
    customer, _ = BillingCustomer.objects.get_or_create(
        organization=organization,
        defaults={"stripe_customer_id": stripe_customer_id, "applied_plan": organization.plan},
    )
    return customer
