"""Stripe. ``STRIPE_API_BASE`` names another server than Stripe's: the local stack's double."""

from datetime import timedelta

from config import env

__all__ = [
    "BILLING_GRACE",
    "STRIPE_API_BASE",
    "STRIPE_AUTOMATIC_TAX",
    "STRIPE_PAGES",
    "STRIPE_PROMOTION_CODES",
    "STRIPE_PRORATION",
    "STRIPE_RECONCILE",
    "STRIPE_SECRET_KEY",
    "STRIPE_TAX_IDS",
    "STRIPE_TRIAL_DAYS",
    "STRIPE_WEBHOOK_SECRETS",
]

_environment = env.current()

STRIPE_SECRET_KEY = _environment.stripe_secret_key
# More than one while a secret is being rolled.
STRIPE_WEBHOOK_SECRETS = _environment.stripe_webhook_secrets
STRIPE_API_BASE = _environment.stripe_api_base
# Where Checkout and the customer portal live.
STRIPE_PAGES = (
    (STRIPE_API_BASE,)
    if STRIPE_API_BASE
    else ("https://checkout.stripe.com", "https://billing.stripe.com")
)
STRIPE_TRIAL_DAYS = _environment.stripe_trial_days
STRIPE_PRORATION = _environment.stripe_proration
STRIPE_PROMOTION_CODES = _environment.stripe_promotion_codes
STRIPE_TAX_IDS = _environment.stripe_tax_ids
STRIPE_AUTOMATIC_TAX = _environment.stripe_automatic_tax
STRIPE_RECONCILE = _environment.stripe_reconcile
BILLING_GRACE = timedelta(days=_environment.billing_grace_days)
