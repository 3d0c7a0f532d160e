"""The dashboard as it runs in production, but for Mailgun's address: see ``machines``."""

import os

from config.settings import *  # noqa: F403

MAILGUN_BASE_URL = os.environ["TEST_MAILGUN_URL"]
