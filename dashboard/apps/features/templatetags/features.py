"""Telling people that something is switched off: ``{% load features %}``."""

from typing import Any

from django import template

from apps.accounts.models import Organization
from apps.features.selectors import enabled

register = template.Library()


@register.inclusion_tag("features/notice.html")
def switched_off_notice(name: str, organization: Organization, text: str) -> dict[str, Any]:
    """``text`` in an alert while the switch is off for the organization; nothing while it is on."""
    return {"text": "" if enabled(name, organization) else text}


@register.simple_tag
def feature_on(name: str, organization: Organization | None = None) -> bool:
    """For ``{% feature_on "signups_open" as open %}``."""
    return enabled(name, organization)
