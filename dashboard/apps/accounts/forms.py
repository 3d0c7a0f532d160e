"""Log-in; sign-up: a person and their organization, in one step; a further organization."""

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core import context
from django import forms
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.invited import invitation_behind
from apps.accounts.models import User
from apps.accounts.services.organizations import organization_create


class LoginForm(AllauthLoginForm):
    """Shows what the invitation is for, and a way to sign up, to a person who followed its link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation_behind(context.request)
        if self.invitation is not None:
            self.fields["login"].initial = self.invitation.email


class SignupForm(AllauthSignupForm):
    """The organization starts on Free with the new user as its owner.

    It is optional, and an invited person is not asked for one; ``/app/`` shows the next steps to a
    person without one.
    """

    organization = forms.CharField(
        max_length=120,
        required=False,
        label="Organization",
        help_text="Leave it empty if you will join somebody else's.",
        widget=forms.TextInput(attrs={"placeholder": "Your team or company"}),
    )
    field_order = ["organization", "email", "password1"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.invitation = invitation_behind(context.request)
        if self.invitation is not None:
            del self.fields["organization"]
            self.fields["email"].initial = self.invitation.email
        # One line instead of the validators' list, which tells the same.
        self.fields["password1"].help_text = "At least 8 characters, and not a common one."

    def try_save(self, request: HttpRequest) -> Any:
        """If the address has an account, nothing is saved and the page looks the same.

        The password is hashed anyway, so that the response time does not reveal it either.
        """
        if self.account_already_exists:
            make_password(self.cleaned_data["password1"])
        return super().try_save(request)

    @transaction.atomic
    def save(self, request: HttpRequest) -> User:
        """Saves user and organization, or neither. allauth calls it only for a new address."""
        user: User = super().save(request)
        if name := self.cleaned_data.get("organization"):
            organization_create(name=name, owner=user, actor=user)
        return user


class OrganizationForm(forms.Form):
    """A name is all it takes. ``autofocus`` is for a page that asks for nothing else."""

    name = forms.CharField(
        max_length=120,
        label="Organization name",
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )

    def __init__(self, *args: Any, autofocus: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if autofocus:
            self.fields["name"].widget.attrs["autofocus"] = True
