"""Forms of the project pages."""

from django import forms

from apps.projects.providers import PROVIDERS


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


class ProviderKeyForm(forms.Form):
    """A provider's key, sealed on arrival and never shown again."""

    provider = forms.ChoiceField(choices=PROVIDERS)
    secret = forms.CharField(
        label="API key",
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "placeholder": "sk-…"}),
        help_text="Sealed with AES-256-GCM before it is stored; only the edge can open it.",
    )

    def clean_secret(self) -> str:
        return provider_key(self.cleaned_data["secret"])


def provider_key(text: str) -> str:
    """A provider's key without the space around it. Raises ``ValidationError``."""
    secret = text.strip()
    if len(secret) < 8 or not secret.isascii() or " " in secret:
        raise forms.ValidationError("This does not look like a provider's key.")
    return secret
