"""The dashboard as in production, with one more route."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.stripe_webhook_server.urls"
