"""The sign-up form, where signing up is not switched off."""

from allauth.core import context
from django import forms

from apps.accounts.forms import SignupForm as AccountsSignupForm
from apps.accounts.invited import invitation_behind
from apps.features.catalogue import SIGNUPS_OPEN
from apps.features.selectors import enabled


class SignupForm(AccountsSignupForm):
    """While sign-up is switched off, an invitation opens it for the person invited alone."""

    def clean_email(self) -> str:
        """The address of the invitation, and no other."""
        email: str = super().clean_email()
        if not enabled(SIGNUPS_OPEN):
            invitation = invitation_behind(context.request)
            if invitation is None or invitation.email != email.lower():
                raise forms.ValidationError("Sign up with the address that the invitation went to.")
        return email
