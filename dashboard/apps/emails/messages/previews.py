"""Every message with sample values."""

from collections.abc import Callable
from inspect import signature

from apps.emails.content import Content
from apps.emails.messages import account, billing, usage

_APP = "https://app.example.com"

_SAMPLES: dict[str, object] = {
    "account": "ada@example.com",
    "address": "192.0.2.7",
    "after": "Starter",
    "amount": "$29.00",
    "app_url": f"{_APP}/app/",
    "base_url": "https://edge.example.com/v1",
    "before": "Pro",
    "billing_url": f"{_APP}/app/acme/-/billing/",
    "bound": "2.2%",
    "browser": "Firefox on Linux",
    "budget": "$100.00",
    "budget_of": "Search",
    "by": "ada@example.com",
    "checks": "4 of 520",
    "code": "XKDF-TRWB",
    "consequences": (
        "The month's quota is 250,000 requests.",
        "You have 12 projects and the plan allows 10: all keep working, none is added.",
    ),
    "email": "ada@work.example",
    "ends": "15 March 2026",
    "expires": "19 March 2026",
    "hit_rate": "41.3%",
    "hour": "12 March 2026, 09:00 UTC",
    "invoice": "WLLM-0007",
    "inviter": "Ada Lovelace",
    "key": "lgw_ab12…9xyz",
    "keys_url": f"{_APP}/app/acme/search/keys/",
    "mode": "strict",
    "name": "Ada",
    "now": "$12.40",
    "organization": "Acme",
    "password_url": f"{_APP}/accounts/password/change/",
    "past_quota": "At 100% the edge answers with status 429 until the month ends.",
    "pay_url": f"{_APP}/app/acme/-/billing/",
    "percent": 80,
    "plan": "Starter",
    "project": "Search",
    "quality_url": f"{_APP}/app/acme/search/cache/quality/",
    "quota": "250,000",
    "reason": "You changed the plan",
    "requests": "48,210",
    "resets": "1 April 2026",
    "role": "member",
    "saved": "$96.20",
    "service_until": "19 March 2026",
    "spent": "$80.14",
    "subject": "Password changed",
    "target": "1.0%",
    "text": "Your password was changed.\n\nIf it was not you, reset it.",
    "until": "12 April 2026",
    "url": f"{_APP}/sample/",
    "usage_url": f"{_APP}/app/acme/search/",
    "used": "200,114",
    "usual": "$1.10",
    "week": "2 to 8 March 2026",
    "what": "spend",
    "when": "12 March 2026, 09:30 UTC",
}
"""By the name of the parameter."""


_MESSAGES: tuple[Callable[..., Content], ...] = (
    account.welcome,
    account.verify,
    account.password_reset,
    account.account_notice,
    account.invitation,
    account.new_device,
    billing.payment_failed,
    billing.payment_recovered,
    billing.plan_changed,
    billing.cancellation_scheduled,
    billing.subscription_ended,
    billing.trial_ending,
    billing.refund_issued,
    usage.first_hit,
    usage.usage_alert,
    usage.budget_alert,
    usage.anomaly,
    usage.semantic_bound,
    usage.weekly_report,
    usage.key_created,
    usage.key_expiring,
)

PREVIEWS = tuple(
    message(**{name: _SAMPLES[name] for name in signature(message).parameters})
    for message in _MESSAGES
)
