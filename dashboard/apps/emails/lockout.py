"""Counts wrong passwords so that a stranger's guesses do not lock the owner out.

allauth limits wrong passwords by client address and by a key. Our key is the account together with
the client's address, or with the browser if it has signed in to this account before. So nobody else
can lock out the owner's own browser. Guesses from many addresses at once are also limited for the
account as a whole; known browsers are exempt from that, and others can still reset the password.
"""

from collections.abc import Mapping
from typing import Any

from allauth.core.internal import ratelimit
from django.http import HttpRequest

from apps.emails import devices

_RATES = {"login_failed_everywhere": "50/h/key"}


def source(request: HttpRequest, credentials: Mapping[str, Any]) -> str:
    """Whose wrong passwords count together."""
    login = _login(credentials)
    if device_is_known(request, credentials):
        return f"{login} device {devices.token_hash(request)}"
    return f"{login} address {ratelimit.get_ip(request)}"


def device_is_known(request: HttpRequest, credentials: Mapping[str, Any]) -> bool:
    """Whether this browser has signed in to the account before."""
    return devices.is_known(request, _login(credentials))


def consume(
    request: HttpRequest, credentials: Mapping[str, Any]
) -> ratelimit.RateLimitUsage | None:
    """Counts one attempt for the account from anywhere; None when there were too many."""
    return ratelimit.consume(
        request,
        app="watchllm",
        action="login_failed_everywhere",
        config=_RATES,
        key=_login(credentials),
    )


def _login(credentials: Mapping[str, Any]) -> str:
    return str(credentials.get("email") or "").lower()
