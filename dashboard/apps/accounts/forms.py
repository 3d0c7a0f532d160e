"""Sign-up: a person and their organization, in one step; and a further organization."""

from typing import Any

from allauth.account.forms import SignupForm as AllauthSignupForm
from django import forms
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.services.organizations import organization_create


class SignupForm(AllauthSignupForm):
    """The organization starts on Free with the new user as its owner."""

    organization = forms.CharField(
        max_length=120,
        label="Organization",
        widget=forms.TextInput(attrs={"placeholder": "Your team or company"}),
    )
    field_order = ["organization", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # One line instead of the validators' list, which tells the same.
        self.fields["password1"].help_text = "At least 8 characters, and not a common one."

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        """Both or neither. allauth calls it only for an address that has no account yet."""
        user: User = super().save(request)
        organization_create(name=self.cleaned_data["organization"], owner=user, actor=user)
        return user


class OrganizationForm(forms.Form):
    """A name is all it takes."""

    name = forms.CharField(
        max_length=120,
        label="Organization name",
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "organization"}),
    )
