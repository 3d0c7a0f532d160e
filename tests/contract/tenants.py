"""Made-up customers for the contract tests, created through the services as the dashboard does."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from django.conf import settings

from apps.accounts.models import Organization, Plan, User
from apps.accounts.services.organizations import organization_create
from apps.billing.services import purchase
from apps.projects.models import ApiKey, Project
from apps.projects.services.api_keys import api_key_create
from apps.projects.services.projects import project_create
from local_stack.stripe_double.lifecycle import GOOD_CARD
from shared import api_keys
from shared.usage_events import UsageEvent
from tests.doubles.stripe_api import StripeDouble

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization on Pro with one project and one key."""

    organization: Organization
    project: Project
    api_key: ApiKey
    key_hash: str

    def row(self, request_id: str, **values: Any) -> dict[str, Any]:
        """A usage row of this tenant in the contract's JSON form."""
        return UsageEvent(
            request_id=request_id,
            ts="2026-11-23T10:00:00.250Z",
            project_id=str(self.project.pk),
            organization_id=str(self.organization.pk),
            api_key_id=str(self.api_key.pk),
            endpoint="/v1/chat/completions",
            **values,
        ).row()


def tenant(**project_values: Any) -> Tenant:
    """A new one; names differ, so that tests do not meet."""
    number = next(_numbers)
    organization = organization_create(
        name=f"Tenant {number}", owner=None, actor=None, plan=Plan.objects.get(slug="pro")
    )
    project = project_create(
        organization=organization, name=f"Project {number}", actor=None, **project_values
    )
    created = api_key_create(project=project, name="Key", actor=None)
    return Tenant(
        organization,
        project,
        created.api_key,
        api_keys.key_hash(created.plaintext, settings.API_KEY_PEPPER),
    )


def owned() -> tuple[Organization, User]:
    """An organization on Free with its owner."""
    number = next(_numbers)
    owner = User.objects.create_user(f"owner-{number}@example.com")
    return organization_create(name=f"Customer {number}", owner=owner, actor=owner), owner


def buy_starter(stripe: StripeDouble, organization: Organization, owner: User) -> None:
    """Bought and cancelled, up to where Stripe has the money and we know nothing: five events."""
    plan = Plan.objects.get(slug="starter")
    addresses = purchase.ReturnAddresses(done="https://x.example/", back="https://x.example/")
    page = purchase.checkout_start(
        organization=organization, plan=plan, actor=owner, addresses=addresses
    )
    session = stripe.store.get(page.rpartition("/")[2], "checkout.session")
    subscription = stripe.lifecycle.complete_checkout(session, GOOD_CARD)
    stripe.lifecycle.update(subscription, {"cancel_at_period_end": True})
