"""Forms whose response shows a new secret, and which a browser sends again on reload.

The form carries the id of the object to create, so a second submission finds that it exists. The
secret cannot be shown again: only its hash or sealed form is stored.
"""

import uuid
from typing import Any

from django import forms

MADE_ALREADY = (
    "It was made already, by this same form, and is shown only once. If you did not copy it, make "
    "another and remove this one."
)


class AlreadyMadeError(Exception):
    """Something with the id that the form carries exists."""


class MadeOnceForm(forms.Form):
    """``new_id`` is that of the object to be made. Without one, sent by no page of ours, any id."""

    new_id = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4, required=False)

    def clean_new_id(self) -> uuid.UUID:
        """Never None."""
        given: uuid.UUID | None = self.cleaned_data["new_id"]
        return given or uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        """A hidden field shows no error of its own."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "new_id" in self.errors:
            self.add_error(None, "This form was changed on its way. Open the page again.")
        return cleaned
