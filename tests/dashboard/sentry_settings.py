"""The dashboard's settings with a route that always breaks."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.e2e.browser.production_urls"
