"""Every file of ``tests/conformance/stripe``: events that come late, twice, backwards or never.

A case has a ``history`` (``buy PLAN``, ``cancel``), and ``deliver``: batches of what then arrives,
each handled before the next one. ``*`` stands for every event in order, ``reversed`` for all of
them backwards, a type for the events of that type. ``expect``: the organization's plan and the
statuses of its subscriptions; ``"handled": "once"``: no event was acted on a second time.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from apps.accounts.models import Organization
from apps.billing.models import StripeEvent, Subscription
from local_stack.stripe_double.store import Object
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db
FOLDER = Path(__file__).parents[2] / "conformance/stripe"
CASES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_delivery(
    path: Path,
    stripe: StripeDouble,
    buy: Callable[[str], None],
    deliver: Callable[[Iterable[Object]], None],
    organization: Organization,
) -> None:
    case = json.loads(path.read_text())
    for action in case["history"]:
        name, _, plan = action.partition(" ")
        if name == "buy":
            buy(plan)
        else:
            assert name == "cancel", action
            stripe.lifecycle.cancel(stripe.store.all("subscription")[0])
    history = stripe.take_events()
    for batch in case["deliver"]:
        deliver([event for name in batch for event in _named(name, history)])
    organization.refresh_from_db()
    seen: dict[str, Any] = {
        "plan": organization.plan.slug,
        "subscriptions": list(Subscription.objects.order_by("pk").values_list("status", flat=True)),
    }
    if "handled" in case["expect"]:
        attempts = set(StripeEvent.objects.values_list("attempts", flat=True))
        seen["handled"] = "once" if attempts == {1} else f"{attempts} times"
    assert seen == case["expect"], case["about"]


def _named(name: str, history: list[Object]) -> list[Object]:
    if name == "*":
        return history
    if name == "reversed":
        return history[::-1]
    found = [event for event in history if event["type"] == name]
    assert found, f"{name} is none of {[event['type'] for event in history]}"
    return found
