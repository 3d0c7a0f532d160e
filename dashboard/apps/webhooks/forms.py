"""The form on the webhooks page."""

from django import forms

from apps.ui.made_once import MadeOnceForm
from apps.webhooks.catalogue import EVENTS


class EndpointForm(MadeOnceForm):
    """Whether the address may be sent to is for ``endpoint_create`` to say."""

    url = forms.URLField(
        label="Address",
        assume_scheme="https",
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://example.com/watchllm"}),
    )
    event = forms.MultipleChoiceField(
        label="Events",
        choices=list(EVENTS.items()),
        error_messages={"required": "Choose at least one event."},
    )
