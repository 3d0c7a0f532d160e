"""Forms of the project pages."""

from django import forms


class ProjectForm(forms.Form):
    """A name is all a project needs."""

    name = forms.CharField(
        max_length=120,
        label="Project name",
        help_text="Requests of one project share a cache. One per product and stage is usual.",
        widget=forms.TextInput(
            attrs={"placeholder": "Support bot", "autofocus": True, "autocomplete": "off"}
        ),
    )
