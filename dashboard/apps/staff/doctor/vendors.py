"""Keys of outside services, each tried with the cheapest call that needs it."""

from collections.abc import Iterator

import httpx
import requests
import stripe
from django.conf import settings

from apps.billing.services.catalog import catalog_sync
from apps.billing.stripe_client import billing_enabled
from apps.projects import provider_addresses
from apps.staff.doctor.findings import Finding

_TIMEOUT_SECONDS = 5.0


def check_providers() -> Iterator[Finding]:
    """The platform's own provider keys, by ``GET /models``."""
    if not settings.PLATFORM_PROVIDERS:
        says = "no provider key of the platform's own is set here"
        yield Finding("providers", "skipped", says, "Set <PROVIDER>_API_KEY as the Worker has it.")
    for name, (key, base_url) in settings.PLATFORM_PROVIDERS.items():
        variable = f"{name.upper()}_API_KEY"
        address = base_url or provider_addresses.ADDRESSES[name]
        try:
            status = httpx.get(
                f"{address.rstrip('/')}/models",
                headers=provider_addresses.headers(name, key),
                timeout=_TIMEOUT_SECONDS,
                trust_env=False,
            ).status_code
        except httpx.HTTPError as error:
            mend = f"Check {name.upper()}_BASE_URL and the network."
            yield Finding("providers", "failed", f"{name}: {type(error).__name__}", mend)
            continue
        if status == httpx.codes.OK:
            yield Finding("providers", "ok", f"{name} takes {variable}")
        elif status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            mend = f"Replace {variable}, here and at the edge."
            yield Finding("providers", "failed", f"{name} refuses {variable} ({status})", mend)
        else:
            says = f"{name} answered /models with status {status}"
            yield Finding("providers", "warning", says, "Try again later.")


def check_stripe() -> Iterator[Finding]:
    """The secret key, and whether products and prices are those of the plans."""
    if not billing_enabled():
        yield Finding("stripe", "skipped", "STRIPE_SECRET_KEY is not set: nothing can be bought")
        return
    try:
        wanting = catalog_sync(dry_run=True)
    except stripe.AuthenticationError:
        yield Finding("stripe", "failed", "Stripe refuses the key", "Replace STRIPE_SECRET_KEY.")
    except stripe.StripeError as error:
        yield Finding("stripe", "failed", f"Stripe: {type(error).__name__}", "Try again later.")
    else:
        live = settings.STRIPE_SECRET_KEY.startswith(("sk_live", "rk_live"))
        if live or settings.DEBUG:
            yield Finding("stripe", "ok", "Stripe takes the key")
        else:
            mend = "Use a live key where customers pay."
            yield Finding("stripe", "warning", "Stripe takes the key, which is a test key", mend)
        if wanting:
            says = f"Stripe is not in step with the plans: {'; '.join(wanting)}"
            yield Finding("stripe", "warning", says, "Run manage.py stripe_sync.")


def check_mailgun() -> Iterator[Finding]:
    """The key, by asking for the domain's last event, as the outbox does."""
    if not settings.MAILGUN_API_KEY:
        yield Finding(
            "mailgun", "skipped", "MAILGUN_API_KEY is not set: mail is not sent by Mailgun"
        )
        return
    url = f"{settings.MAILGUN_BASE_URL}/v3/{settings.MAILGUN_DOMAIN}/events?limit=1"
    try:
        answer = requests.get(url, auth=("api", settings.MAILGUN_API_KEY), timeout=_TIMEOUT_SECONDS)
    except requests.RequestException as error:
        yield Finding("mailgun", "failed", f"Mailgun: {type(error).__name__}", "Try again later.")
        return
    if answer.status_code == requests.codes.ok:
        yield Finding("mailgun", "ok", f"Mailgun knows {settings.MAILGUN_DOMAIN}")
    elif answer.status_code in (401, 403):
        mend = (
            "Check MAILGUN_API_KEY and MAILGUN_REGION; a key of one region is refused by the other."
        )
        yield Finding("mailgun", "failed", "Mailgun refuses the key", mend)
    else:
        says = f"Mailgun answered {answer.status_code} for {settings.MAILGUN_DOMAIN}"
        yield Finding("mailgun", "failed", says, "Check MAILGUN_DOMAIN and MAILGUN_REGION.")
