"""Forms of the Keys page."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.projects.fields import UsdField
from apps.projects.models import ApiKey
from apps.ui.made_once import MadeOnceForm

OVERLAPS = {
    0: "None, revoke it now",
    1: "1 hour",
    24: "1 day",
    24 * 7: "7 days",
    24 * 30: "30 days",
}
"""Hours that a rotated key goes on working."""
_LAST_DAY = date(2999, 12, 31)


class ApiKeyForm(forms.Form):
    """Name, expiry and the key's own limits."""

    name = forms.CharField(
        max_length=120,
        help_text="Where the key is used, so that you know what stops when you revoke it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Production server"}),
    )
    expires_at = forms.DateField(
        label="Last day",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text="The key works through this day (UTC). Empty: until it is revoked.",
    )
    requests_per_minute = forms.IntegerField(
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text="Beside the plan's limit. Empty: the plan's alone.",
    )
    tokens_per_minute = forms.IntegerField(
        min_value=1, max_value=10**12, required=False, help_text="Empty: no limit of its own."
    )
    monthly_budget_nanousd = UsdField(
        label="Monthly budget in US dollars",
        required=False,
        help_text="Hits are free; past the budget only they are served. Empty: none.",
    )

    @classmethod
    def for_key(cls, api_key: ApiKey, data: Any = None) -> "ApiKeyForm":
        """Filled with what the key has now."""
        initial = {name: getattr(api_key, name) for name in cls.base_fields}
        if api_key.expires_at:
            initial["expires_at"] = (
                (api_key.expires_at - timedelta(seconds=1)).astimezone(UTC).date()
            )
        return cls(data, initial=initial)

    def clean_expires_at(self) -> datetime | None:
        """The end of the day named."""
        day = self.cleaned_data["expires_at"]
        if day is None:
            return None
        if day > _LAST_DAY:
            raise forms.ValidationError(f"No later than {_LAST_DAY}. Empty: until it is revoked.")
        end = datetime.combine(day, time(), UTC) + timedelta(days=1)
        if "expires_at" in self.changed_data and end <= timezone.now():
            raise forms.ValidationError("This day is over.")
        return end


class NewApiKeyForm(MadeOnceForm, ApiKeyForm):
    """Makes one key, however often it is sent."""


class RotateForm(MadeOnceForm):
    """How long the old key goes on."""

    overlap = forms.TypedChoiceField(
        label="The old key goes on working for",
        choices=list(OVERLAPS.items()),
        coerce=int,
        initial=24,
        help_text="Time to put the new key where the old one is.",
    )

    def clean_overlap(self) -> timedelta:
        """The choice as a span of time."""
        return timedelta(hours=self.cleaned_data["overlap"])
