"""A local stack's mailbox, on the routes that only a local stack has."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import clear_url_caches, include, path, set_urlconf

from apps.emails import views
from apps.emails.content import Content, Paragraph
from apps.emails.services.outbox import email_enqueue, outbox_send_due

pytestmark = pytest.mark.django_db

urlpatterns = [
    path("dev/mailbox/", views.mailbox, name="mailbox"),
    path("dev/mailbox/<int:pk>/", views.mailbox_message, name="mailbox_message"),
    path("dev/mailbox/<int:pk>/html", views.mailbox_html, name="mailbox_html"),
    path("", include("config.urls")),
]


@pytest.fixture
def local(settings: Any) -> Iterator[None]:
    settings.EMAIL_BACKEND = "apps.emails.backends.mailbox.EmailBackend"
    settings.ROOT_URLCONF = __name__
    yield
    set_urlconf(None)
    clear_url_caches()


def test_messages_land_in_the_mailbox(local: None, client: Client) -> None:
    content = Content(name="welcome", subject="Hello", title="Hello", blocks=(Paragraph("Body"),))
    email_enqueue(to="ada@example.com", content=content, dedupe_key="k")
    outbox_send_due()
    listing = client.get("/dev/mailbox/")
    assert b"ada@example.com" in listing.content
    pk = listing.context["mailbox"][0].pk
    page = client.get(f"/dev/mailbox/{pk}/")
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    part = client.get(f"/dev/mailbox/{pk}/html")
    assert b"Body" in part.content
    policy = part["Content-Security-Policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy


def test_elsewhere_there_is_no_mailbox(client: Client) -> None:
    assert client.get("/dev/mailbox/").status_code == 404
