"""What each endpoint takes, as data: the part of https://docs.stripe.com/api that WatchLLM uses.

A leaf is a type name, a tuple of allowed values, a list of one (a list of such), or a dictionary
(an object). A name ending in `!` is required. `map` is an object of any keys, as metadata is;
`moment` is unix seconds, or nothing to unset it.
"""

from typing import Any

from local_stack.stripe_double import errors

_EXPAND = {"expand": ["str"]}
_PAGE = {"limit": "int", "starting_after": "str", "ending_before": "str", **_EXPAND}
_PRORATION = ("create_prorations", "always_invoice", "none")

ENDPOINTS: dict[tuple[str, str], dict[str, Any]] = {
    ("GET", "/v1/products"): {"active": "bool", "ids": ["str"], **_PAGE},
    ("POST", "/v1/products"): {
        "id": "str",
        "name!": "str",
        "description": "str",
        "active": "bool",
        "metadata": "map",
        **_EXPAND,
    },
    ("GET", "/v1/products/{id}"): _EXPAND,
    ("POST", "/v1/products/{id}"): {
        "name": "str",
        "description": "str",
        "active": "bool",
        "default_price": "str",
        "metadata": "map",
        **_EXPAND,
    },
    ("GET", "/v1/prices"): {
        "active": "bool",
        "product": "str",
        "lookup_keys": ["str"],
        "type": ("recurring", "one_time"),
        **_PAGE,
    },
    ("POST", "/v1/prices"): {
        "currency!": "str",
        "product!": "str",
        "unit_amount!": "int",
        "recurring": {"interval!": ("day", "week", "month", "year"), "interval_count": "int"},
        "lookup_key": "str",
        "transfer_lookup_key": "bool",
        "nickname": "str",
        "active": "bool",
        "tax_behavior": ("exclusive", "inclusive", "unspecified"),
        "metadata": "map",
        **_EXPAND,
    },
    ("GET", "/v1/prices/{id}"): _EXPAND,
    ("POST", "/v1/prices/{id}"): {
        "active": "bool",
        "lookup_key": "str",
        "transfer_lookup_key": "bool",
        "nickname": "str",
        "metadata": "map",
        **_EXPAND,
    },
    ("POST", "/v1/customers"): {
        "email": "str",
        "name": "str",
        "description": "str",
        "metadata": "map",
        **_EXPAND,
    },
    ("GET", "/v1/customers/{id}"): _EXPAND,
    ("POST", "/v1/checkout/sessions"): {
        "mode": ("payment", "setup", "subscription"),
        "customer": "str",
        "client_reference_id": "str",
        "success_url": "str",
        "cancel_url": "str",
        "line_items": [{"price": "str", "quantity": "int"}],
        "allow_promotion_codes": "bool",
        "automatic_tax": {"enabled!": "bool"},
        "tax_id_collection": {"enabled!": "bool"},
        "customer_update": {"address": "str", "name": "str"},
        "billing_address_collection": ("auto", "required"),
        "subscription_data": {"trial_period_days": "int", "metadata": "map"},
        "metadata": "map",
        **_EXPAND,
    },
    ("GET", "/v1/checkout/sessions"): {
        "customer": "str",
        "status": ("open", "complete", "expired"),
        **_PAGE,
    },
    ("GET", "/v1/checkout/sessions/{id}"): _EXPAND,
    ("POST", "/v1/checkout/sessions/{id}/expire"): _EXPAND,
    ("GET", "/v1/billing_portal/configurations"): {
        "active": "bool",
        "is_default": "bool",
        **_PAGE,
    },
    ("POST", "/v1/billing_portal/configurations"): {
        "business_profile": {"headline": "str"},
        "default_return_url": "str",
        "features!": {
            "customer_update": {"enabled!": "bool", "allowed_updates": ["str"]},
            "invoice_history": {"enabled!": "bool"},
            "payment_method_update": {"enabled!": "bool"},
            "subscription_cancel": {
                "enabled!": "bool",
                "mode": ("at_period_end", "immediately"),
            },
            "subscription_update": {"enabled!": "bool"},
        },
        "metadata": "map",
        **_EXPAND,
    },
    ("POST", "/v1/billing_portal/sessions"): {
        "customer!": "str",
        "return_url": "str",
        "configuration": "str",
        **_EXPAND,
    },
    ("GET", "/v1/subscriptions"): {
        "customer": "str",
        "price": "str",
        "status": (
            *("active", "past_due", "unpaid", "canceled", "incomplete", "incomplete_expired"),
            *("trialing", "paused", "all", "ended"),
        ),
        **_PAGE,
    },
    ("GET", "/v1/subscriptions/{id}"): _EXPAND,
    ("POST", "/v1/subscriptions/{id}"): {
        "items": [{"id": "str", "price": "str", "quantity": "int", "deleted": "bool"}],
        "proration_behavior": _PRORATION,
        "payment_behavior": (
            *("allow_incomplete", "default_incomplete", "error_if_incomplete"),
            "pending_if_incomplete",
        ),
        "cancel_at_period_end": "bool",
        "cancel_at": "moment",
        "metadata": "map",
        **_EXPAND,
    },
    ("GET", "/v1/invoices"): {
        "customer": "str",
        "subscription": "str",
        "status": ("draft", "open", "paid", "uncollectible", "void"),
        **_PAGE,
    },
    ("GET", "/v1/invoices/{id}"): _EXPAND,
    ("POST", "/v1/invoices/{id}/void"): _EXPAND,
    ("GET", "/v1/invoice_payments"): {
        "invoice": "str",
        "status": ("open", "paid", "canceled"),
        "payment": {"type!": ("payment_intent", "payment_record"), "payment_intent": "str"},
        **_PAGE,
    },
    ("GET", "/v1/charges/{id}"): _EXPAND,
    ("GET", "/v1/disputes/{id}"): _EXPAND,
    ("GET", "/v1/events"): {"type": "str", "types": ["str"], **_PAGE},
}


def check(spec: dict[str, Any], given: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """`given` with booleans and integers converted. Raises `ApiError` for what Stripe refuses."""
    known = {name.rstrip("!"): (kind, name.endswith("!")) for name, kind in spec.items()}
    for name in given:
        if name not in known:
            raise errors.unknown_parameter(_full(prefix, name))
    for name, (_, required) in known.items():
        if required and given.get(name, "") == "":
            raise errors.missing_parameter(_full(prefix, name))
    return {name: _value(known[name][0], given[name], _full(prefix, name)) for name in given}


def _value(kind: Any, given: Any, name: str) -> Any:
    if isinstance(kind, dict) or kind == "map":
        if not isinstance(given, dict):
            raise errors.invalid_parameter(name, f"Invalid object: {name}")
        return dict(given) if kind == "map" else check(kind, given, name)
    if isinstance(kind, list):
        if not isinstance(given, list):
            raise errors.invalid_parameter(name, f"Invalid array: {name}")
        return [_value(kind[0], item, f"{name}[{n}]") for n, item in enumerate(given)]
    if not isinstance(given, str):
        raise errors.invalid_parameter(name, f"Invalid string: {name}")
    if isinstance(kind, tuple):
        if given not in kind:
            allowed = ", ".join(kind)
            raise errors.invalid_parameter(name, f"Invalid {name}: must be one of {allowed}")
        return given
    return _scalar(kind, given, name)


def _scalar(kind: str, given: str, name: str) -> Any:
    if kind == "bool":
        if given not in ("true", "false"):
            raise errors.invalid_parameter(name, f"Invalid boolean: {given}")
        return given == "true"
    if kind == "moment" and not given:
        return None
    if kind in ("int", "moment"):
        if not given.isdigit():
            raise errors.invalid_parameter(name, f"Invalid integer: {given}")
        return int(given)
    return given


def _full(prefix: str, name: str) -> str:
    return f"{prefix}[{name}]" if prefix else name
