"""Django settings: what is ours here, one sibling module per concern or vendor.

Defaults are production's; ``DJANGO_DEBUG`` is the only switch that loosens them.
"""

from pathlib import Path

from config import REPOSITORY, env

ENVIRONMENT = env.current()

BASE_DIR = REPOSITORY / "dashboard"
DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
ALLOWED_HOSTS = list(ENVIRONMENT.allowed_hosts)

API_KEY_PEPPER = ENVIRONMENT.api_key_pepper
API_KEY_PEPPER_SECOND = ENVIRONMENT.api_key_pepper_second
ENCRYPTION_KEYS = ENVIRONMENT.encryption_keys
EDGE_BASE_URL = ENVIRONMENT.edge_base_url
EDGE_API_ENABLED = ENVIRONMENT.edge_api_enabled
SUPABASE_URL = ENVIRONMENT.supabase_url
SUPABASE_KEY = ENVIRONMENT.supabase_key
SUPABASE_API_KEY = ENVIRONMENT.supabase_api_key or ENVIRONMENT.supabase_key
UPSTASH_REDIS_REST_URL = ENVIRONMENT.redis_url
UPSTASH_REDIS_REST_TOKEN = ENVIRONMENT.redis_token
# To connect, and again for the answer: a page waits at most twice this.
REDIS_TIMEOUT_SECONDS = 0.5
PLATFORM_PROVIDERS = ENVIRONMENT.platform_providers

INSTALLED_APPS = [
    # unfold replaces templates of django.contrib.admin, so it comes first.
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.sitemaps",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "apps.accounts",
    "apps.projects",
    "apps.usage",
    "apps.audit",
    "apps.docs",
    "apps.staff",
    "apps.impersonation",
    "apps.features",
    "apps.edge_api",
    "apps.emails",
    "apps.billing",
    "apps.jobs",
    "apps.alerts",
    "apps.webhooks",
    "apps.cache",
    "apps.ui",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.staff.csp.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "apps.impersonation.middleware.ImpersonationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "apps.accounts.no_store.NoStoreMiddleware",
    "apps.emails.devices.DeviceMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.ui.method_not_allowed.MethodNotAllowedMiddleware",
    "apps.ui.signed_out.SignedOutMiddleware",
    "apps.ui.timezone.TimeZoneMiddleware",
]
if DEBUG:
    MIDDLEWARE.append("apps.ui.not_found.NotFoundMiddleware")

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
ASGI_APPLICATION = "config.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.shell.context.context",
            ]
        },
    }
]

AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS: list[Path] = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Work that a request left behind starts with its commit instead of with the next tick.
WORK_AFTER_RESPONSE = True
TICK_TOKEN = ENVIRONMENT.tick_token
METRICS_TOKEN = ENVIRONMENT.metrics_token
# A customer's webhook must not reach into our network; a developer's own may.
WEBHOOKS_MAY_BE_LOCAL = DEBUG

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    # Their INFO is a line or two for each request.
    "loggers": {"stripe": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
}

from config.settings.allauth import *  # noqa: E402, F403
from config.settings.allauth import SOCIAL_LOGIN_APPS  # noqa: E402
from config.settings.analytics import *  # noqa: E402, F403
from config.settings.database import *  # noqa: E402, F403
from config.settings.emails import *  # noqa: E402, F403
from config.settings.legal import *  # noqa: E402, F403
from config.settings.security import *  # noqa: E402, F403
from config.settings.stripe import *  # noqa: E402, F403
from config.settings.unfold import *  # noqa: E402, F403

INSTALLED_APPS += SOCIAL_LOGIN_APPS

import config.settings.sentry  # noqa: E402, F401
