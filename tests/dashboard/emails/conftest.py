"""Mailgun's double behind the outbox."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from tests.doubles.mailgun import MailgunDouble


@pytest.fixture(autouse=True)
def _fresh_rate_limits() -> None:
    """allauth counts attempts in the cache, which outlives a test."""
    cache.clear()


@pytest.fixture
def mailgun(settings: Any) -> Iterator[MailgunDouble]:
    """A running double, and settings that send through it."""
    with MailgunDouble() as double:
        settings.EMAIL_BACKEND = "apps.emails.backends.mailgun.EmailBackend"
        settings.MAILGUN_BASE_URL = double.url
        settings.MAILGUN_DOMAIN = double.domain
        settings.MAILGUN_API_KEY = double.key
        settings.MAILGUN_WEBHOOK_SIGNING_KEY = double.signing_key
        settings.MAIL_FROM = "WatchLLM <hello@example.com>"
        yield double
