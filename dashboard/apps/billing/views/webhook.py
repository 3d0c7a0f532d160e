"""Stripe's webhook: verify, store, answer. The event is handled afterwards."""

import json

import stripe
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from apps.background import run_soon
from apps.billing.services.events import event_store, events_handle_due

TOLERANCE_SECONDS = 300


@csrf_exempt
@require_POST
def stripe_webhook(request: HttpRequest) -> HttpResponse:
    """400 for what Stripe did not sign within the tolerance; 200 once the event is stored."""
    header = request.headers.get("Stripe-Signature", "")
    if not any(_signed(request.body, header, secret) for secret in settings.STRIPE_WEBHOOK_SECRETS):
        return HttpResponse("not signed by Stripe", status=400)
    try:
        event_store(payload=json.loads(request.body))
    except (ValueError, KeyError, TypeError, OverflowError):
        return HttpResponse("not an event", status=400)
    run_soon(events_handle_due)
    return HttpResponse("stored")


def _signed(body: bytes, header: str, secret: str) -> bool:
    """Over the raw body; the SDK compares in constant time."""
    try:
        stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
    except (stripe.SignatureVerificationError, UnicodeDecodeError):
        return False
    return True
