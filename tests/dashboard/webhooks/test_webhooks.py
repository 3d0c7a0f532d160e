"""Outgoing webhooks: signed, repeated, logged, and not a way into our network."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from apps.accounts.models import Membership, Organization, Role, User
from apps.accounts.services.organizations import organization_create
from apps.audit.models import AuditLog
from apps.projects.models import Project
from apps.projects.services.api_keys import api_key_create, api_key_revoke
from apps.webhooks import transport
from apps.webhooks.catalogue import EVENTS
from apps.webhooks.models import DeliveryState, WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.deliver import deliveries_send_due
from apps.webhooks.services.emit import event_emit
from apps.webhooks.services.endpoints import CreatedEndpoint, endpoint_create, endpoint_disable
from tests.dashboard.webhooks.samples import documented
from tests.doubles.webhook_receiver import WebhookReceiver

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
PAGE = "/app/acme/-/webhooks/"


@pytest.fixture
def receiver(settings: Any) -> Iterator[WebhookReceiver]:
    settings.WEBHOOKS_MAY_BE_LOCAL = True
    with WebhookReceiver() as running:
        yield running


@pytest.fixture
def created(receiver: WebhookReceiver, organization: Organization, owner: User) -> CreatedEndpoint:
    return endpoint_create(
        organization=organization, url=f"{receiver.url}/in?a=1", events=list(EVENTS), actor=owner
    )


def test_a_key_that_comes_and_goes_is_told_signed_and_in_order(
    created: CreatedEndpoint, receiver: WebhookReceiver, project: Project, owner: User
) -> None:
    key = api_key_create(project=project, name="Server", actor=owner)
    api_key_revoke(api_key=key.api_key, actor=owner)
    deliveries_send_due()
    bodies = receiver.verified(created.secret)
    assert [body["type"] for body in bodies] == ["api_key.created", "api_key.revoked"]
    assert bodies[0]["data"]["masked"] == key.api_key.masked
    assert all(body["data"].keys() == documented(body["type"]).keys() for body in bodies)
    assert all(key.plaintext.encode() not in request.body for request in receiver.requests)
    assert (receiver.requests[0].path, receiver.requests[0].query) == ("/in", "a=1")
    assert deliveries_send_due() == 0


def test_only_chosen_events_of_the_own_organization_are_sent(
    receiver: WebhookReceiver, organization: Organization, owner: User
) -> None:
    other = organization_create(name="Other", owner=owner, actor=owner)
    for place in (organization, other):
        endpoint_create(
            organization=place, url=receiver.url, events=["budget.reached"], actor=owner
        )
    assert event_emit(organization=organization, event="budget.reached", data={}) == 1
    assert event_emit(organization=organization, event="api_key.created", data={}) == 0
    deliveries_send_due()
    assert [r.json()["organization_id"] for r in receiver.requests] == [str(organization.pk)]


@pytest.mark.parametrize("fault", ["refused", "reset", "error"])
def test_what_is_not_taken_is_sent_again_with_the_same_id_and_bytes(
    created: CreatedEndpoint, receiver: WebhookReceiver, organization: Organization, fault: Any
) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        event_emit(organization=organization, event="budget.reached", data={"n": 1})
        receiver.break_with(fault)
        deliveries_send_due()
        delivery = WebhookDelivery.objects.get()
        assert delivery.state == DeliveryState.QUEUED
        assert delivery.error or delivery.status == 500
        receiver.heal()
        assert deliveries_send_due() == 0
        clock.shift(timedelta(minutes=1))
        deliveries_send_due()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, delivery.attempts) == (DeliveryState.DELIVERED, 204, 2)
    assert len({(r.body, r.headers["webhook-id"]) for r in receiver.requests}) == 1
    receiver.verified(created.secret)


def test_an_endpoint_that_fails_is_tried_once_a_run_and_holds_up_no_other(
    receiver: WebhookReceiver, organization: Organization, owner: User
) -> None:
    with WebhookReceiver() as broken:
        broken.answer(500)
        for url in (broken.url, receiver.url):
            endpoint_create(
                organization=organization, url=url, events=["budget.reached"], actor=owner
            )
        for number in range(3):
            event_emit(organization=organization, event="budget.reached", data={"n": number})
        assert deliveries_send_due() == 4
        assert len(broken.requests) == 1
    assert [request.json()["data"]["n"] for request in receiver.requests] == [0, 1, 2]


def test_a_secret_that_cannot_be_read_fails_its_own_delivery(
    created: CreatedEndpoint, receiver: WebhookReceiver, organization: Organization, owner: User
) -> None:
    WebhookEndpoint.objects.update(sealed_secret="v1.gone.AAAA")
    endpoint_create(
        organization=organization, url=receiver.url, events=["budget.reached"], actor=owner
    )
    event_emit(organization=organization, event="budget.reached", data={})
    assert deliveries_send_due() == 2
    assert len(receiver.requests) == 1
    assert WebhookDelivery.objects.get(state=DeliveryState.QUEUED).error.startswith("The signing")


def test_it_is_given_up_after_two_days(
    created: CreatedEndpoint, receiver: WebhookReceiver, organization: Organization
) -> None:
    receiver.answer(410)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        event_emit(organization=organization, event="budget.reached", data={})
        for _ in range(10):
            deliveries_send_due()
            clock.shift(timedelta(days=1))
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, 7)


def test_a_redirect_is_not_followed(
    created: CreatedEndpoint, receiver: WebhookReceiver, organization: Organization
) -> None:
    receiver.answer(302, Location=f"{receiver.url}/elsewhere")
    event_emit(organization=organization, event="budget.reached", data={})
    deliveries_send_due()
    assert [request.path for request in receiver.requests] == ["/in"]
    assert WebhookDelivery.objects.get().status == 302


def test_an_endpoint_that_was_removed_gets_nothing(
    created: CreatedEndpoint, receiver: WebhookReceiver, organization: Organization, owner: User
) -> None:
    event_emit(organization=organization, event="budget.reached", data={})
    endpoint_disable(endpoint=created.endpoint, actor=owner)
    assert deliveries_send_due() == 0
    assert event_emit(organization=organization, event="budget.reached", data={}) == 0
    assert receiver.requests == []


def test_outside_of_a_local_stack_nothing_local_is_called(
    receiver: WebhookReceiver, settings: Any
) -> None:
    settings.WEBHOOKS_MAY_BE_LOCAL = False
    https = receiver.url.replace("http://", "https://")
    for url in (https, https.replace("127.0.0.1", "localhost"), "https://[::1]/"):
        answer = transport.post(url, b"{}", {})
        assert answer == transport.Answer(None, "The host is not on the public internet.")
    assert transport.post(receiver.url, b"{}", {}).error == "The address must start with https://."
    assert receiver.requests == []


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "https://", "https:///x", "example.com"),
        *("https://user:secret@example.com/", "https://example.com:0/", "https://example.com:x/"),
    ],
)
def test_odd_addresses_are_refused_when_they_are_added(
    url: str, organization: Organization, owner: User
) -> None:
    with pytest.raises(ValidationError):
        endpoint_create(organization=organization, url=url, events=["budget.reached"], actor=owner)


def test_the_secret_is_shown_once_and_sealed_at_rest(
    receiver: WebhookReceiver, organization: Organization, owner: User
) -> None:
    client = Client()
    client.force_login(owner, backend=BACKEND)
    shown = client.post(PAGE, {"url": receiver.url, "event": ["budget.reached"]})
    secret = shown.context["created"].secret
    assert secret in shown.content.decode()
    assert secret not in client.get(PAGE).content.decode()
    endpoint = WebhookEndpoint.objects.get()
    assert secret.removeprefix("whsec_") not in endpoint.sealed_secret
    client.post(f"{PAGE}{endpoint.pk}/test/")
    deliveries_send_due()
    (body,) = receiver.verified(secret)
    assert body["type"] == "webhook.test"
    assert "delivered" in client.get(PAGE).content.decode()
    client.post(f"{PAGE}{endpoint.pk}/disable/")
    endpoint.refresh_from_db()
    assert endpoint.disabled_at is not None


def test_the_same_form_sent_twice_makes_one_secret(
    receiver: WebhookReceiver, organization: Organization, owner: User
) -> None:
    """A reload: of a new endpoint, and of a new secret, which would end the old one at once."""
    client = Client()
    client.force_login(owner, backend=BACKEND)

    def field(name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]+)"', client.get(PAGE).content.decode())
        assert found is not None
        return found[1]

    form = {"url": receiver.url, "event": ["budget.reached"], "new_id": field("new_id")}
    for made in (1, 0):
        page = client.post(PAGE, form, follow=True).content.decode()
        assert len(re.findall(r"whsec_[\w+/=]+", page)) == made
    endpoint = WebhookEndpoint.objects.get()
    press = {"secret": field("secret")}
    for made in (1, 0):
        page = client.post(f"{PAGE}{endpoint.pk}/secret/", press, follow=True).content.decode()
        assert len(re.findall(r"whsec_[\w+/=]+", page)) == made
    assert "No further secret" in page
    assert AuditLog.objects.filter(action="webhook_endpoint.rotate").count() == 1


def test_a_new_secret_signs_beside_the_old_one_for_a_day(
    created: CreatedEndpoint, receiver: WebhookReceiver, owner: User
) -> None:
    def press(button: str) -> str:
        client = Client()
        client.force_login(owner, backend=BACKEND)
        address = f"{PAGE}{created.endpoint.pk}/{button}/"
        return client.post(address, follow=True).content.decode()

    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        page = press("secret")
        assert "Until 2 January 2026, 00:00 (UTC)" in page
        (new,) = re.findall(r"whsec_[\w+/=]+", page)
        assert new != created.secret
        press("test")
        deliveries_send_due()
        assert len(receiver.verified(created.secret)) == len(receiver.verified(new)) == 1
        clock.shift(timedelta(hours=25))
        receiver.forget()
        press("test")
        deliveries_send_due()
        assert len(receiver.verified(new)) == 1
        with pytest.raises(ValueError, match="wrong signature"):
            receiver.verified(created.secret)
    assert AuditLog.objects.filter(action="webhook_endpoint.rotate").count() == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.0.0.7", "[::1]", "169.254.169.254", "localhost", "db.internal"]
)
def test_an_address_that_is_plainly_private_is_refused_in_the_form(
    organization: Organization, owner: User, host: str
) -> None:
    client = Client()
    client.force_login(owner, backend=BACKEND)
    given = {"url": f"https://{host}/hook", "event": ["budget.reached"]}
    client.post(PAGE, given)
    assert not WebhookEndpoint.objects.exists()
    with pytest.raises(ValidationError, match="not on the public internet"):
        endpoint_create(
            organization=organization, url=given["url"], events=list(EVENTS), actor=owner
        )


@pytest.mark.parametrize(
    ("url", "events", "told"),
    [
        ("", ["budget.reached"], "This field is required."),
        ("https://example.com/hook", [], "Choose at least one event."),
        ("https://example.com/hook", ["budget.reached", "nonsense"], "nonsense is not one of"),
        ("ftp://example.com/hook", ["budget.reached"], "must start with https://"),
        ("https://me:secret@example.com/hook", ["budget.reached"], "may not hold a user"),
    ],
)
def test_what_is_wrong_is_said_in_the_form_that_keeps_what_was_entered(
    organization: Organization, owner: User, url: str, events: list[str], told: str
) -> None:
    client = Client()
    client.force_login(owner, backend=BACKEND)
    page = client.post(PAGE, {"url": url, "event": events})
    text = " ".join(page.content.decode().split())
    assert told in text
    assert f'value="{url}"' in text or not url
    assert ('value="budget.reached" checked' in text) == ("budget.reached" in events)
    assert not WebhookEndpoint.objects.exists()


def test_members_and_strangers_stay_out(
    created: CreatedEndpoint, organization: Organization, receiver: WebhookReceiver
) -> None:
    member = User.objects.create_user("member@example.com")
    Membership.objects.create(organization=organization, user=member, role=Role.MEMBER)
    stranger = User.objects.create_user("stranger@example.com")
    organization_create(name="Theirs", slug="theirs", owner=stranger, actor=stranger)
    for user, status in ((member, 403), (stranger, 404)):
        client = Client()
        client.force_login(user, backend=BACKEND)
        assert client.get(PAGE).status_code == status
        for button in ("test", "secret", "disable"):
            assert client.post(f"{PAGE}{created.endpoint.pk}/{button}/").status_code == status
    # Nor through an organization of one's own.
    own = client.post(f"/app/theirs/-/webhooks/{created.endpoint.pk}/test/")
    assert own.status_code == 404
    assert not WebhookDelivery.objects.exists()
