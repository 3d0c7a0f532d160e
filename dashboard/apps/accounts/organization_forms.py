"""Forms of an organization's General page."""

from typing import Any

from django import forms

from apps.accounts.models import Organization


class NameForm(forms.Form):
    """Renames an organization. The slug in its URLs stays, so links and bookmarks go on working."""

    name = forms.CharField(
        max_length=120, help_text="Addresses of its pages stay as they are, so links go on working."
    )


class DeleteOrganizationForm(forms.Form):
    """The organization's name, typed, so that nobody deletes one by mistake."""

    confirmation = forms.CharField(
        label="Type the organization's name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, organization: Organization, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._name = organization.name

    def clean_confirmation(self) -> str:
        """Exactly the name."""
        if self.cleaned_data["confirmation"] != self._name:
            raise forms.ValidationError(f"This is not “{self._name}”.")
        return self._name
