"""Form fields that several pages share."""

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput

from apps.ui.templatetags.ui import duration
from shared import labels

_NANO = 10**9
_SPAN = re.compile(r"(\d{1,9})\s*(s|m|h|d|seconds?|minutes?|hours?|days?)?")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class UsdField(forms.DecimalField):
    """Dollars and cents in the form; integer nano-USD, as everywhere else, outside of it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=Decimal("0.01"), max_digits=9, decimal_places=2, **kwargs)

    def clean(self, value: Any) -> int | None:
        """None when left empty."""
        dollars = super().clean(value)
        return None if dollars is None else int(dollars * _NANO)

    def prepare_value(self, value: Any) -> Any:
        """An initial value is nano-USD; what somebody typed is a string and stays as it is."""
        return f"{Decimal(value) / _NANO:.2f}" if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as it is shown: who changed nothing rounds nothing."""
        shown = None if initial is None else Decimal(self.prepare_value(initial))
        return super().has_changed(shown, data)


class JsonField(forms.JSONField):
    """Like Django's, but also reports as invalid what Python's parser refuses: numbers of thousands
    of digits, and lists thousands of levels deep.
    """

    def to_python(self, value: Any) -> Any:
        """Raises ``ValidationError``."""
        try:
            return super().to_python(value)
        except (ValueError, RecursionError):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """The parsed value; invalid JSON is shown again as it was typed."""
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return InvalidJSONInput(data)


class PercentField(forms.FloatField):
    """Percent in the form; a share from 0 to 1 outside of it."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
        super().__init__(min_value=0, max_value=100, widget=widget, **kwargs)

    def clean(self, value: Any) -> float | None:
        """None when left empty."""
        percent = super().clean(value)
        return None if percent is None else round(percent / 100, 6)

    def prepare_value(self, value: Any) -> Any:
        """An initial value is a share; what somebody typed is a string and stays as it is."""
        return f"{value * 100:.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as shares."""
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True


class LabelNamesField(forms.CharField):
    """Names of labels with commas between them; a list outside of the form."""

    def __init__(self, *, most: int, **kwargs: Any) -> None:
        super().__init__(max_length=400, required=False, **kwargs)
        self._most = most

    def clean(self, value: Any) -> list[str]:
        """Each name once. Raises ``ValidationError``."""
        names = list(dict.fromkeys(super().clean(value).replace(",", " ").split()))
        for name in names:
            if not labels.is_name(name):
                raise forms.ValidationError(
                    f"“{name[:80]}” cannot be a label: a letter, then letters, digits or _ . : / -"
                )
        if len(names) > self._most:
            raise forms.ValidationError(f"At most {self._most} labels.")
        return names

    def prepare_value(self, value: Any) -> Any:
        """An initial value is a list; what somebody typed stays as it is."""
        return ", ".join(value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compared as lists."""
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True


class SpanField(forms.CharField):
    """A span of time as people write it (``90m``, ``12 hours``, ``3600``); seconds outside."""

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(max_length=40, **kwargs)
        self._longest = longest

    def clean(self, value: Any) -> int:
        """Raises ``ValidationError`` for what is no span, or too long."""
        found = _SPAN.fullmatch(super().clean(value).strip().lower())
        if found is None:
            raise forms.ValidationError("A time such as 90m, 12 hours or 3600 (seconds).")
        seconds = int(found[1]) * _SECONDS[(found[2] or "s")[0]]
        if not 1 <= seconds <= self._longest:
            raise forms.ValidationError(f"From 1 second to {duration(self._longest)}.")
        return seconds

    def prepare_value(self, value: Any) -> Any:
        """An initial value is seconds; what somebody typed stays as it is."""
        return duration(value) if isinstance(value, int) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        """``1 hour`` and 3600 are the same."""
        try:
            return bool(self.clean(data) != initial)
        except forms.ValidationError:
            return True
