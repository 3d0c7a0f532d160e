"""allauth's forms for second factors, where we say more than it does."""

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm


class AddPasskeyForm(AddWebAuthnForm):
    """Most people who come here want to sign in with the key alone, so that is what is chosen."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "Name"
        passwordless = self.fields["passwordless"]
        passwordless.initial = True
        passwordless.label = "Sign in with it alone, without the password"
        passwordless.help_text = (
            "Takes a device that checks who you are: fingerprint, face or PIN. Without the tick "
            "the key is asked for after the password."
        )
