"""Settings under which a browser sees errors as customers do: without DJANGO_DEBUG."""

import os
from typing import Any

from tests.settings import *  # noqa: F403

ROOT_URLCONF = "tests.e2e.browser.production_urls"
DATABASES: dict[str, Any] = {
    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["ERRORS_DATABASE"]}
}
