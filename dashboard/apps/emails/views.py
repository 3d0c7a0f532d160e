"""Mailgun's webhooks, declining messages, and the mailbox of a local stack."""

import hashlib
import hmac
import json
import time
from typing import Any, cast

from csp.decorators import csp_replace, csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import User
from apps.emails import links
from apps.emails.kinds import OPTIONAL
from apps.emails.models import MailboxMessage, OptOut
from apps.emails.services.preferences import opt_out, preferences_set
from apps.emails.services.suppressions import TOLERANCE, mailgun_event_apply

_MAILBOX_MESSAGES = 100


@csrf_exempt
@require_POST
def mailgun_webhook(request: HttpRequest) -> HttpResponse:
    """406 for what is not Mailgun's: it does not try those again. 200 for all that is."""
    try:
        payload = json.loads(request.body)
        signature = payload["signature"]
        event = payload["event-data"]
        genuine = _genuine(signature) and isinstance(event, dict)
    except (ValueError, KeyError, TypeError, AttributeError):
        genuine = False
    if not genuine:
        return HttpResponse("not signed by Mailgun", status=406)
    mailgun_event_apply(token=str(signature["token"])[:128], event=event)
    return HttpResponse("ok")


def _genuine(signature: dict[str, Any]) -> bool:
    """HMAC-SHA256 of timestamp and token with the webhook signing key, not older than 10 min."""
    key = settings.MAILGUN_WEBHOOK_SIGNING_KEY
    stamp = str(signature["timestamp"])
    if not key or abs(time.time() - int(stamp)) > TOLERANCE.total_seconds():
        return False
    expected = hmac.new(key.encode(), f"{stamp}{signature['token']}".encode(), hashlib.sha256)
    return hmac.compare_digest(expected.hexdigest(), str(signature["signature"]))


@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """RFC 8058: a POST declines at once, also a mail client's; a GET asks first, because scanners
    open links.
    """
    try:
        user_id, kind = links.read_unsubscribe(token)
    except (BadSignature, KeyError, ValueError) as error:
        raise Http404 from error
    if kind not in OPTIONAL:
        raise Http404
    user = get_object_or_404(User, pk=user_id)
    if request.method == "POST":
        opt_out(user=user, kind=kind)
    context = {"kind": OPTIONAL[kind], "done": request.method == "POST"}
    return render(request, "emails/unsubscribe.html", context)


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Which optional messages the signed-in person gets."""
    user = cast(User, request.user)
    if request.method == "POST":
        wanted = set(request.POST.getlist("kind"))
        if not wanted <= OPTIONAL.keys():
            return HttpResponseBadRequest("unknown kind")
        preferences_set(user=user, wanted=wanted)
        messages.success(request, "Saved.")
        return redirect("email_preferences")
    declined = set(OptOut.objects.filter(user=user).values_list("kind", flat=True))
    kinds = [(kind, label, kind not in declined) for kind, label in OPTIONAL.items()]
    return render(request, "emails/preferences.html", {"kinds": kinds})


@never_cache
@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest messages. Routed on a local stack only (``config.urls``)."""
    found = MailboxMessage.objects.all()[:_MAILBOX_MESSAGES]
    return render(request, "emails/mailbox.html", {"mailbox": found})


@never_cache
@require_safe
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]
def mailbox_message(request: HttpRequest, pk: int) -> HttpResponse:
    """One message with both of its parts."""
    message = get_object_or_404(MailboxMessage, pk=pk)
    return render(request, "emails/mailbox_message.html", {"message": message})


@never_cache
@require_safe
@xframe_options_sameorigin
@csp_replace(  # type: ignore[arg-type]
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "frame-ancestors": ["'self'"],
        "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox", "allow-top-navigation"],
    }
)
def mailbox_html(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML part alone: messages style themselves inline, and nothing else may do that here."""
    del request
    return HttpResponse(get_object_or_404(MailboxMessage, pk=pk).html)
