"""Removes secrets from findings, because a service may repeat them in an error message."""

from collections.abc import Iterator
from dataclasses import replace

from django.conf import settings

from apps.staff.doctor.findings import Finding

HIDDEN = "[hidden]"
_SHORTEST = 8
"""Shorter values are not secrets; redacting them would remove ordinary words."""
_NAMES = (
    "SECRET_KEY",
    "API_KEY_PEPPER",
    "API_KEY_PEPPER_SECOND",
    "SUPABASE_KEY",
    "SUPABASE_API_KEY",
    "UPSTASH_REDIS_REST_TOKEN",
    "STRIPE_SECRET_KEY",
    "MAILGUN_API_KEY",
    "MAILGUN_WEBHOOK_SIGNING_KEY",
    "TICK_TOKEN",
    "METRICS_TOKEN",
)


def redacted(finding: Finding) -> Finding:
    """``finding`` without any configured secret in its texts."""
    says, mend = finding.says, finding.mend
    for secret in _secrets():
        says, mend = says.replace(secret, HIDDEN), mend.replace(secret, HIDDEN)
    return replace(finding, says=says, mend=mend)


def _secrets() -> Iterator[str]:
    values = [getattr(settings, name) for name in _NAMES]
    values += [key for key, _ in settings.PLATFORM_PROVIDERS.values()]
    values += settings.STRIPE_WEBHOOK_SECRETS
    values.append(str(settings.DATABASES["default"].get("PASSWORD") or ""))
    for value in values:
        text = value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")
        if len(text) >= _SHORTEST:
            yield text
