"""Small helpers of the staff pages."""

from django import template

register = template.Library()

_VARIANTS = {"ok": "success", "warning": "warning", "failed": "danger", "skipped": "default"}


@register.filter
def label_type(status: str) -> str:
    """unfold's label variant for a finding's status."""
    return _VARIANTS[status]
