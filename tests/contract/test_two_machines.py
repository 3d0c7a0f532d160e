"""Two web servers and two crons on one PostgreSQL: everything is done, and nothing twice."""

import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from apps.accounts.models import Organization, User
from apps.audit.models import AuditLog
from apps.billing.models import StripeEvent, StripeEventState
from apps.billing.services.catalog import catalog_sync
from apps.billing.services.events import event_store
from apps.emails.models import Email, EmailState
from apps.jobs.models import JobRun
from apps.projects.services.api_keys import api_key_create
from apps.projects.services.projects import project_create
from apps.webhooks.models import DeliveryState, WebhookDelivery
from apps.webhooks.services.endpoints import MOST_ENDPOINTS, endpoint_create
from local_stack.stripe_double.store import Object
from tests.contract import postgres
from tests.contract.databases import default_database
from tests.contract.machines import Machines, python_path
from tests.contract.tenants import buy_starter, owned
from tests.doubles.mailgun import MailgunDouble
from tests.doubles.stripe_api import StripeDouble
from tests.doubles.webhook_receiver import WebhookReceiver
from tests.worker.edge import until

CUSTOMERS = 4
KEYS = 6
SECONDS = 240.0
PATIENCE = 75.0
"""Less than a dozen messages to a frozen Mailgun take, or ten webhooks to a frozen server."""
WHOLE = (StripeEventState.SUCCEEDED, StripeEventState.IGNORED)


@dataclass
class World:
    """The services outside, and the machines in between."""

    stripe: StripeDouble
    mailgun: MailgunDouble
    receiver: WebhookReceiver
    machines: Machines
    database: psycopg.Connection[Any]

    def deliver(self, events: Iterable[Object], servers: Iterable[str]) -> list[int]:
        """Every event to every server, all at once; the statuses they answered."""
        targets = list(servers)
        with ThreadPoolExecutor(16) as pool:
            posts = [
                pool.submit(self._post, event, server) for event in events for server in targets
            ]
            return [post.result() for post in posts]

    def deadlocks(self) -> int:
        """How many PostgreSQL has broken up in this database."""
        row = self.database.execute(
            "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
        assert row is not None
        return int(row[0])

    def _post(self, event: Object, server: str) -> int:
        body, headers = self.stripe.signed(event)
        request = urllib.request.Request(f"{server}/webhooks/stripe", body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=240) as answer:  # noqa: S310
            return int(answer.status)


@pytest.fixture
def world(
    postgres_cluster: postgres.Cluster,
    django_db_blocker: DjangoDbBlocker,
    tmp_path: Path,
    settings: Any,
) -> Iterator[World]:
    address = {"host": str(postgres_cluster.socket_dir), "user": postgres.SUPERUSER}
    with psycopg.connect(dbname="postgres", autocommit=True, **address) as admin:
        admin.execute("CREATE DATABASE machines TEMPLATE pristine")
    url = postgres_cluster.url("machines")
    with ExitStack() as stack:
        stack.callback(_drop, address)
        stripe = stack.enter_context(StripeDouble())
        mailgun = stack.enter_context(MailgunDouble())
        receiver = stack.enter_context(WebhookReceiver())
        settings.STRIPE_SECRET_KEY = stripe.key
        settings.STRIPE_API_BASE = stripe.url
        settings.WEBHOOKS_MAY_BE_LOCAL = True
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(default_database(url))
        catalog_sync(dry_run=False)
        environment = {
            "PYTHONPATH": python_path(),
            "DJANGO_SETTINGS_MODULE": "tests.contract.machine_settings",
            "DJANGO_SECRET_KEY": "machines",
            "DJANGO_DEBUG": "true",
            "DATABASE_URL": url,
            "API_KEY_PEPPER": "tests-only",
            "ENCRYPTION_KEYS": "test:" + "A" * 43 + "=",
            "STRIPE_SECRET_KEY": stripe.key,
            "STRIPE_API_BASE": stripe.url,
            "STRIPE_WEBHOOK_SECRET": stripe.webhook_secret,
            "STRIPE_RECONCILE": "off",  # would fetch what the tests have not delivered yet
            "MAILGUN_API_KEY": mailgun.key,
            "MAILGUN_DOMAIN": mailgun.domain,
            "TEST_MAILGUN_URL": mailgun.url,
        }
        machines = stack.enter_context(Machines(environment, tmp_path))
        database = stack.enter_context(psycopg.connect(url, autocommit=True))
        yield World(stripe, mailgun, receiver, machines, database)


def _drop(address: dict[str, str]) -> None:
    with psycopg.connect(dbname="postgres", autocommit=True, **address) as admin:
        admin.execute("DROP DATABASE machines WITH (FORCE)")


def _keys(receiver: WebhookReceiver, organization: Organization, owner: User) -> None:
    """Each is a message to the owner and a call to their server."""
    endpoint_create(
        organization=organization, url=receiver.url, events=["api_key.created"], actor=owner
    )
    project = project_create(organization=organization, name="Search", actor=owner)
    for number in range(KEYS):
        api_key_create(project=project, name=f"Key {number}", actor=owner)


def test_everything_is_done_and_nothing_twice(world: World) -> None:
    customers = [owned() for _ in range(CUSTOMERS)]
    for organization, owner in customers:
        buy_starter(world.stripe, organization, owner)  # BusyError takes more than ten events
        _keys(world.receiver, organization, owner)
    events = world.stripe.take_events()
    servers = [world.machines.serve(), world.machines.serve()]
    for _ in servers:
        world.machines.tick(every=0.1)

    assert set(world.deliver(events, servers)) == {200}

    def settled() -> bool:
        JobRun.objects.update(last_succeeded_at=None)  # every job is due at every tick
        return (
            StripeEvent.objects.filter(state__in=WHOLE).count() == len(events)
            and not Email.objects.exclude(state=EmailState.SENT).exists()
            and not WebhookDelivery.objects.exclude(state=DeliveryState.DELIVERED).exists()
        )

    until(settled, "all that is to be done", SECONDS, every=0.1)
    world.machines.kill()

    states = set(StripeEvent.objects.values_list("state", "attempts", "error"))
    assert states == {(StripeEventState.SUCCEEDED, 1, "")}
    assert {org.plan.slug for org in Organization.objects.select_related("plan")} == {"starter"}
    actions = Counter(
        AuditLog.objects.filter(actor_id=None).values_list("organization_id", "action")
    )
    for organization, _ in customers:
        told = {action: count for (pk, action), count in actions.items() if pk == organization.pk}
        assert told == {
            "subscription.create": 1,
            "invoice.create": 1,
            "organization.update": 1,
        }

    sent = [message.message_id for message in world.mailgun.messages]
    assert sorted(sent) == sorted(email.message_id for email in Email.objects.all())
    by_kind = Counter(Email.objects.values_list("message", flat=True))
    assert by_kind == {
        "plan_changed": CUSTOMERS,
        "cancellation_scheduled": CUSTOMERS,
        "key_created": CUSTOMERS * KEYS,
    }
    called = [request.headers["webhook-id"] for request in world.receiver.requests]
    assert sorted(called) == sorted(map(str, WebhookDelivery.objects.values_list("pk", flat=True)))
    assert len(called) == CUSTOMERS * KEYS

    assert not JobRun.objects.exclude(last_error="").exists()
    assert world.deadlocks() == 0
    assert "Traceback" not in world.machines.output(), world.machines.output()


def test_an_event_whose_machine_dies_is_handled_by_the_next(world: World) -> None:
    """Dead after the answer and in the middle of the work: while it asks Stripe."""
    organization, owner = owned()
    buy_starter(world.stripe, organization, owner)
    (created, *_) = world.stripe.take_events()
    server = world.machines.serve()
    world.stripe.forget()
    world.stripe.break_with("frozen")
    assert world.deliver([created], [server]) == [200]  # stored, whatever Stripe does
    world.stripe.wait_for_requests(1)
    world.machines.kill()
    event = StripeEvent.objects.get()
    assert event.state == StripeEventState.STARTED
    organization.refresh_from_db()
    assert organization.plan.slug == "free"

    # Five minutes later, when it is certain that nobody is at it any more.
    StripeEvent.objects.update(started_at=timezone.now() - timedelta(minutes=6))
    world.stripe.heal()
    world.machines.tick(every=0.1)
    until(lambda: StripeEvent.objects.get().state in WHOLE, "the next cron", SECONDS, every=0.1)
    event.refresh_from_db()
    assert (event.state, event.attempts) == (StripeEventState.SUCCEEDED, 2)
    organization.refresh_from_db()
    assert organization.plan.slug == "starter"
    assert django_settings.WORK_AFTER_RESPONSE is False  # this process did none of it


def test_mail_that_nobody_takes_does_not_delay_stripes_events(world: World) -> None:
    """In a web server: the provider of mail takes requests and answers none, for minutes."""
    customers = [owned() for _ in range(2)]
    first, second = (_bought(world, *customer) for customer in customers)
    for _ in range(2):
        _keys(world.receiver, *customers[0])  # two times six messages
    world.mailgun.break_with("frozen")
    server = world.machines.serve()
    assert set(world.deliver(first, [server])) == {200}
    world.mailgun.wait_for_requests(1)  # what the first customer's events had to tell
    assert set(world.deliver(second, [server])) == {200}
    until(lambda: _handled(first + second), "the second customer's events", PATIENCE, every=0.1)


def test_webhooks_that_nobody_takes_do_not_delay_stripes_events(world: World) -> None:
    """In a process that ticks: a customer's servers take requests and answer none."""
    organization, owner = owned()
    for _ in range(MOST_ENDPOINTS - 1):
        endpoint_create(
            organization=organization,
            url=world.receiver.url,
            events=["api_key.created"],
            actor=owner,
        )
    _keys(world.receiver, organization, owner)
    world.receiver.break_with("frozen")
    world.machines.tick(every=0.1)
    world.receiver.wait_for_requests(1)
    events = _bought(world, *owned())
    for event in events:
        event_store(payload=event)
    JobRun.objects.update(last_succeeded_at=None)
    until(lambda: _handled(events), "Stripe's events", PATIENCE, every=0.1)


def _bought(world: World, organization: Organization, owner: User) -> list[Object]:
    """Stripe's events about a purchase, which nobody has delivered."""
    buy_starter(world.stripe, organization, owner)
    return list(world.stripe.take_events())


def _handled(events: list[Object]) -> bool:
    wanted = [event["id"] for event in events]
    return StripeEvent.objects.filter(pk__in=wanted, state__in=WHOLE).count() == len(wanted)
