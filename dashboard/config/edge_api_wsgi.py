"""WSGI entry point of the edge API alone: ``config.edge_api_wsgi:application``."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "config.edge_api_settings"
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - readable only once Django is set up

if not settings.SUPABASE_KEY:
    raise ImproperlyConfigured("SUPABASE_KEY must be set: the edge API checks it on each request")
