"""The form of a label's limits."""

from typing import Any

from django import forms

from apps.projects.fields import UsdField
from apps.projects.label_limits import (
    MOST_REQUESTS,
    MOST_VALUES,
    MOST_VALUES_AT_MOST,
    PERIODS,
)
from apps.projects.models import Project
from apps.projects.settings_forms import MOST_CHARTED_LABELS
from shared import labels


class LabelLimitsForm(forms.Form):
    """``changes`` are the project's settings of a valid form."""

    label = forms.CharField(
        max_length=64,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": labels.USER}),
        help_text="Each of its values has the limits below, for example each user. Requests "
        "without it count together as one more value. Empty: no limits.",
    )
    requests_per_minute = forms.IntegerField(
        min_value=1, max_value=MOST_REQUESTS, required=False, help_text="Empty: no limit."
    )
    budget_nanousd = UsdField(
        label="Budget in US dollars",
        required=False,
        help_text="Past it, only hits are served. Empty: none.",
    )
    period = forms.ChoiceField(
        label="The budget is for",
        choices=list(PERIODS.items()),
        initial="month",
        help_text="In UTC.",
    )
    most_values = forms.IntegerField(
        label="Values with limits of their own",
        min_value=1,
        max_value=MOST_VALUES_AT_MOST,
        initial=MOST_VALUES,
        help_text="In one day or month. All further values share one account with the same limits.",
    )

    def __init__(self, project: Project, data: Any = None) -> None:
        super().__init__(data, initial=project.label_limits or {})
        self._project = project

    def clean_label(self) -> str:
        """Raises ``ValidationError`` for what is no name, or cannot be summed besides others."""
        name: str = self.cleaned_data["label"].strip()
        if name and not labels.is_name(name):
            raise forms.ValidationError("A letter, then letters, digits or _ . : / -")
        charted = self._project.charted_labels
        if name and name not in charted and len(charted) >= MOST_CHARTED_LABELS:
            raise forms.ValidationError(
                f"Sums are kept of {MOST_CHARTED_LABELS} labels: take one out in the project’s "
                "settings first."
            )
        return name

    def clean(self) -> dict[str, Any]:
        """A label without a limit says nothing."""
        cleaned = super().clean() or {}
        limits = cleaned.get("requests_per_minute"), cleaned.get("budget_nanousd")
        if cleaned.get("label") and not self.errors and limits == (None, None):
            raise forms.ValidationError("Set a number of requests, a budget, or both.")
        return cleaned

    def changes(self) -> dict[str, Any]:
        """What to set: the limits, and the labels of which sums are kept."""
        name, charted = self.cleaned_data["label"], self._project.charted_labels
        if not name:
            return {"label_limits": None}
        return {
            "label_limits": dict(self.cleaned_data),
            "charted_labels": charted if name in charted else [*charted, name],
        }
