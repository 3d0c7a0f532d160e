"""Signing up as a person does: the form, and the code in the message."""

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from apps.emails.models import Email

CODE_PAGE = "/accounts/confirm-email/"
_CODE = re.compile(r"^ {4}(\S+)$", re.MULTILINE)


def code_for(address: str) -> str:
    """In the newest confirmation message to ``address``."""
    message = Email.objects.filter(to=address, message="verify").latest("created_at", "pk")
    found = _CODE.search(message.text)
    assert found is not None
    return found[1]


def sign_up(client: Client, data: dict[str, Any]) -> HttpResponse:
    """The answer to the typed code."""
    response = client.post("/accounts/signup/", data)
    assert response["Location"] == CODE_PAGE, response.content.decode()
    return client.post(CODE_PAGE, {"code": code_for(data["email"])})  # type: ignore[return-value]
