"""Money as Stripe counts it."""

from django import template

from apps.billing.notices import money

register = template.Library()


@register.filter
def cents(value: int) -> str:
    """US cents → ``$29.00``."""
    return money(value)
