"""Settings of the edge API served alone: the models, two routes, nothing to log in to.

``make run ARGS=--bare`` and a self-hosted edge without a dashboard use it; leaving out the staff
site and allauth more than halves the time to start.
"""

from config.settings import *  # noqa: F403

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "apps.accounts",
    "apps.projects",
    "apps.usage",
    "apps.audit",
    "apps.features",
    "apps.edge_api",
]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
TEMPLATES = []
ROOT_URLCONF = "config.edge_api_urls"
EDGE_API_ENABLED = True
# It listens on the loopback interface, beside the edge: there is no TLS to redirect to.
SECURE_SSL_REDIRECT = False
