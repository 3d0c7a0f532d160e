"""Forms of the Providers page."""

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.conf import settings

from apps.projects.forms import ProviderKeyForm, provider_key
from apps.projects.provider_addresses import ADDRESSES


class _Settings(forms.Form):
    """What can be changed about a stored key."""

    label = forms.CharField(
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": "Team account"}),
    )
    priority = forms.IntegerField(
        min_value=0,
        max_value=999,
        initial=0,
        help_text="Of several keys for one provider, the lowest number is used first. The next one "
        "takes over when the provider refuses it.",
    )
    base_url = forms.URLField(
        label="Base URL",
        required=False,
        assume_scheme="https",
        help_text="With the version path, such as https://api.openai.com/v1. "
        "Empty: the provider's own.",
    )

    def clean_base_url(self) -> str | None:
        """Without a slash at its end; None when left empty."""
        url: str = self.cleaned_data["base_url"]
        if not url:
            return None
        parts = urlsplit(url)
        if parts.scheme != "https" and not settings.DEBUG:
            raise forms.ValidationError("The address must start with https://.")
        if parts.username or parts.query or parts.fragment:
            raise forms.ValidationError("An address without user name, query and fragment.")
        return url.rstrip("/")


class ProviderAddForm(_Settings, ProviderKeyForm):
    """A key with its settings."""

    field_order = ["provider", "secret", "label", "priority", "base_url"]

    def clean(self) -> dict[str, Any]:
        """Some providers have no address of their own."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        provider = cleaned.get("provider")
        missing = "base_url" in cleaned and not cleaned["base_url"]
        if provider is not None and not ADDRESSES.get(provider) and missing:
            self.add_error("base_url", "This provider needs a base URL: it holds your account.")
        return cleaned


class ProviderEditForm(_Settings):
    """``initial`` is the stored credential's: another base URL than its needs the key again."""

    secret = forms.CharField(
        label="API key",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Empty: the stored key stays.",
    )

    def clean_secret(self) -> str:
        """Empty, or a key."""
        text: str = self.cleaned_data["secret"]
        return provider_key(text) if text else ""

    def clean(self) -> dict[str, Any]:
        """The stored key is sent to no address but the one it was entered for."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        moved = "base_url" in cleaned and cleaned["base_url"] != self.initial["base_url"]
        if moved and cleaned.get("secret") == "":
            self.add_error("secret", "A new base URL needs the key again.")
        return cleaned
