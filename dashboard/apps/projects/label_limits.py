"""Limits of each value of one label of a project: JSON that the edge applies."""

from typing import Any

from django.core.exceptions import ValidationError

from shared import labels

MOST_VALUES = 10_000
"""That have limits of their own, unless a project sets another number."""
MOST_VALUES_AT_MOST = 100_000
MOST_REQUESTS = 1_000_000
PERIODS = {"day": "a day", "month": "a month"}
_FIELDS = {"label", "requests_per_minute", "budget_nanousd", "period", "most_values"}


def validate_label_limits(value: Any) -> None:
    """``{"label": str, "requests_per_minute": int|null, "budget_nanousd": int|null, "period":
    "day"|"month", "most_values": int}``. Raises ``ValidationError``."""
    good = (
        isinstance(value, dict)
        and value.keys() == _FIELDS
        and isinstance(value["label"], str)
        and labels.is_name(value["label"])
        and value["period"] in PERIODS
        and _is_count(value["most_values"], MOST_VALUES_AT_MOST)
        and (value["requests_per_minute"] is None or _is_count(value["requests_per_minute"]))
        and (value["budget_nanousd"] is None or _is_count(value["budget_nanousd"], 2**62))
    )
    if not good:
        raise ValidationError("Limits of a label have a name, a period and numbers above 0.")


def _is_count(value: Any, most: int = MOST_REQUESTS) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
