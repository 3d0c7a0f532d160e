"""Forms of the staff site, filled in as a staff member would."""

from typing import Any

from django.test import Client
from django.urls import reverse

from tests.dashboard.conftest import form_data


def change(client: Client, obj: Any, **values: Any) -> Any:
    """Open the object's page, change some fields and save; the response, which redirects."""
    meta = obj._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk])
    data = form_data(client.get(url)) | values
    response = client.post(url, data)
    assert response.status_code == 302, errors(response)
    return response


def errors(response: Any) -> Any:
    """What the form says is wrong with what was sent; None where the response shows no form."""
    return response.context and [
        response.context["errors"],
        response.context["adminform"].form.errors,
    ]
