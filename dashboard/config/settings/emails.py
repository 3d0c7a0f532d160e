"""Messages: Mailgun when its key is set, a mailbox page on a local stack, the log otherwise."""

from apps.emails.backends.regions import REGIONS
from config import env

__all__ = [
    "DASHBOARD_BASE_URL",
    "DEFAULT_FROM_EMAIL",
    "EMAIL_BACKEND",
    "LOCAL_MAILBOX",
    "MAILGUN_API_KEY",
    "MAILGUN_BASE_URL",
    "MAILGUN_DOMAIN",
    "MAILGUN_WEBHOOK_SIGNING_KEY",
    "MAIL_FROM",
]

_environment = env.current()

DASHBOARD_BASE_URL = _environment.dashboard_base_url
MAIL_FROM = DEFAULT_FROM_EMAIL = _environment.mail_from
MAILGUN_API_KEY = _environment.mailgun_api_key
MAILGUN_DOMAIN = _environment.mailgun_domain
MAILGUN_BASE_URL = REGIONS[_environment.mailgun_region]
MAILGUN_WEBHOOK_SIGNING_KEY = _environment.mailgun_webhook_signing_key

LOCAL_MAILBOX = _environment.debug and not MAILGUN_API_KEY
if MAILGUN_API_KEY:
    EMAIL_BACKEND = "apps.emails.backends.mailgun.EmailBackend"
elif LOCAL_MAILBOX:
    EMAIL_BACKEND = "apps.emails.backends.mailbox.EmailBackend"
else:
    # Without a mail provider the operator finds messages, and the codes of sign-ups, in the log.
    EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
