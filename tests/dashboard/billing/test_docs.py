"""The page on billing says what the code does."""

import re
from pathlib import Path

from apps.alerts.services.quota import QUOTA_PERCENT
from apps.billing import handlers
from apps.webhooks.catalogue import EVENTS
from apps.webhooks.services.endpoints import MOST_ENDPOINTS
from config import REPOSITORY, env
from local_stack.stripe_double import delivery
from tests.dashboard.webhooks.samples import samples

PAGE = (Path(REPOSITORY) / "docs" / "public" / "billing.md").read_text()
OURS = re.compile(r"STRIPE_|MAIL|BILLING_|TICK_|DASHBOARD_BASE")


def test_every_variable_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    assert documented == {name for name in env.variable_names() if OURS.match(name)}


def test_every_webhook_event_is_documented_and_no_other() -> None:
    documented = set(re.findall(r"^\| `([a-z_.]+)` \| ", PAGE, re.MULTILINE))
    assert documented == set(EVENTS) == samples().keys()
    assert MOST_ENDPOINTS == 10


def test_the_steps_are_those_of_the_code() -> None:
    *first, last = QUOTA_PERCENT
    assert f"{', '.join(map(str, first))} and {last}% of the month's requests" in PAGE


def test_the_double_sends_what_is_handled_and_the_page_asks_for_it() -> None:
    assert handlers.HANDLERS.keys() == delivery.HANDLED
    (listed,) = re.findall(r"endpoint needs these events:(.*?)\n\n", PAGE, re.DOTALL)
    assert set(re.findall(r"`([a-z_.]+)`", listed)) == handlers.HANDLERS.keys()
