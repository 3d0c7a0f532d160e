"""Stripe's double takes what the installed SDK knows, and nothing that Stripe has deprecated.

The SDK's types are generated from Stripe's API description of its version, with the description of
each parameter below it. What the double does not take it refuses, so what our code sends is held
against the SDK as well.
"""

import ast
import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from local_stack.stripe_double import API_VERSION, errors, parameters

ENDPOINTS = [pytest.param(key, id=" ".join(key)) for key in parameters.ENDPOINTS]
Fields = dict[str, tuple[str, str]]


def _classes(module: Any) -> dict[str, Fields]:
    """Class → parameter → (annotation, description), as they stand in the source."""
    found = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            fields: Fields = {}
            for field, described in zip(node.body, [*node.body[1:], None], strict=True):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    text = ast.unparse(described) if isinstance(described, ast.Expr) else ""
                    fields[field.target.id] = (ast.unparse(field.annotation), text)
            found[node.name] = fields
    return found


def _sdk_method(method: str, path: str) -> Any:
    resource, _, rest = path.removeprefix("/v1/").partition("/{id}")
    single = path.endswith("/{id}")
    service: Any = stripe.StripeClient("sk_test_x").v1
    for name in resource.split("/"):
        service = getattr(service, name)
    if action := rest.removeprefix("/"):
        return getattr(service, "void_invoice" if action == "void" else action)
    names = {("GET", False): "list", ("POST", False): "create", ("GET", True): "retrieve"}
    return getattr(service, names.get((method, single), "update"))


def _unknown(
    spec: dict[str, Any], name: str, classes: dict[str, Fields], where: str
) -> Iterator[str]:
    fields = classes[name]
    for parameter, kind in spec.items():
        given = parameter.rstrip("!")
        here = f"{where}{given}"
        if given not in fields:
            yield f"{here} is not known to the SDK"
            continue
        annotation, description = fields[given]
        if "deprecated" in description.lower():
            yield f"{here} is deprecated"
        if isinstance(kind, tuple):
            allowed = set(re.findall(r"'(\w+)'", annotation))
            yield from (f"{here}={value} is not a value" for value in set(kind) - allowed)
        inner = kind[0] if isinstance(kind, list) else kind
        if isinstance(inner, dict):
            (nested,) = [other for other in classes if f"'{other}'" in annotation]
            yield from _unknown(inner, nested, classes, f"{here}.")


@pytest.mark.parametrize("key", ENDPOINTS)
def test_the_sdk_knows_what_the_double_takes(key: tuple[str, str]) -> None:
    method = _sdk_method(*key)
    annotation = str(inspect.signature(method).parameters["params"].annotation)
    (name,) = re.findall(r"(\w+Params)\b", annotation)
    package = inspect.getmodule(method)
    (path,) = re.findall(
        rf"from (stripe\.params[\w.]+) import \(?\s*{name}\b", inspect.getsource(package)
    )
    classes = _classes(importlib.import_module(path))
    assert list(_unknown(parameters.ENDPOINTS[key], name, classes, "")) == []


def test_the_double_speaks_the_sdks_version() -> None:
    assert stripe.api_version == API_VERSION


@pytest.mark.parametrize(
    "given",
    [
        {"proration_behaviour": "none"},
        {"items": [{"plan": "price_1"}]},
        {"proration_behavior": "always"},
        {"cancel_at_period_end": "yes"},
        {"cancel_at": "tomorrow"},
        {"payment_behavior": "maybe"},
    ],
)
def test_the_double_refuses_what_stripe_would(given: dict[str, Any]) -> None:
    with pytest.raises(errors.ApiError):
        parameters.check(parameters.ENDPOINTS["POST", "/v1/subscriptions/{id}"], given)
