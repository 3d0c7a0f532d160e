"""The dashboard's settings as the tests run them: secrets of no value, no outside service."""

import os

os.environ.update(
    DJANGO_DEBUG="false",
    DJANGO_SECRET_KEY="tests-only",
    DJANGO_ALLOWED_HOSTS="*",
    API_KEY_PEPPER="tests-only",
    ENCRYPTION_KEYS="test:" + "A" * 43 + "=",
    EDGE_API_ENABLED="true",
    SUPABASE_KEY="tests.edge.jwt",
    UPSTASH_REDIS_REST_URL="",
    DATABASE_URL=os.environ.get("WATCHLLM_TEST_DATABASE_URL", "sqlite://:memory:"),
)

from config.settings import *  # noqa: F403

# Plain HTTP, as the Django test client speaks it; the tests of the defaults parse their own.
SECURE_SSL_REDIRECT = False
# The manifest of hashed names exists only after collectstatic.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Busy machines: a Redis that is merely slow is none that is away.
REDIS_TIMEOUT_SECONDS = 10.0
# Hashing passwords slowly is for production.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Tests say themselves when what was left behind is done.
WORK_AFTER_RESPONSE = False
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# Static files straight from the source tree: nothing has been collected.
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
