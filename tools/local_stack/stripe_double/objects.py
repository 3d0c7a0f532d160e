"""The shapes of Stripe's objects in API version 2026-10-28.endive, with the fields in use.

Since Basil (2025-03-31) a billing period belongs to the subscription's item, an invoice names its
subscription under `parent`, and a charge reaches its invoice through an invoice payment.
"""

from typing import Any

from local_stack.stripe_double.store import Object, Store


def listing(items: list[Object], url: str, *, has_more: bool = False) -> Object:
    """A page of objects."""
    return {"object": "list", "data": items, "has_more": has_more, "url": url}


def product(store: Store, given: dict[str, Any]) -> Object:
    """Products may choose their id."""
    return {
        "id": given.get("id") or store.new_id("prod"),
        "object": "product",
        "active": given.get("active", True),
        "created": store.now(),
        "default_price": None,
        "description": given.get("description"),
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "name": given["name"],
        "type": "service",
    }


def price(store: Store, given: dict[str, Any]) -> Object:
    """A price never changes its amount; another amount is another price."""
    recurring = given.get("recurring")
    return {
        "id": store.new_id("price"),
        "object": "price",
        "active": given.get("active", True),
        "billing_scheme": "per_unit",
        "created": store.now(),
        "currency": given["currency"],
        "livemode": False,
        "lookup_key": given.get("lookup_key"),
        "metadata": given.get("metadata", {}),
        "nickname": given.get("nickname"),
        "product": given["product"],
        "recurring": recurring and {"interval_count": 1, "usage_type": "licensed", **recurring},
        "tax_behavior": given.get("tax_behavior", "unspecified"),
        "type": "recurring" if recurring else "one_time",
        "unit_amount": given["unit_amount"],
        "unit_amount_decimal": str(given["unit_amount"]),
    }


def customer(store: Store, given: dict[str, Any]) -> Object:
    """`card` is the double's own: the number of the default card, kept out of the API."""
    return {
        "id": store.new_id("cus"),
        "object": "customer",
        "created": store.now(),
        "description": given.get("description"),
        "email": given.get("email"),
        "invoice_settings": {"default_payment_method": None},
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "name": given.get("name"),
    }


def checkout_session(store: Store, given: dict[str, Any], base_url: str) -> Object:
    """Open for 24 hours."""
    identifier = store.new_id("cs_test")
    return {
        "id": identifier,
        "object": "checkout.session",
        "allow_promotion_codes": given.get("allow_promotion_codes"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": store.now(),
        "customer": given["customer"],
        "expires_at": store.now() + 24 * 60 * 60,
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "mode": given["mode"],
        "payment_status": "unpaid",
        "status": "open",
        "subscription": None,
        "success_url": given.get("success_url"),
        "url": f"{base_url}/checkout/{identifier}",
    }


def subscription(
    store: Store, customer_id: str, price_: Object, *, trial_days: int, metadata: dict[str, str]
) -> Object:
    """Active, or trialing when `trial_days` is positive; billed monthly from now."""
    now = store.now()
    identifier = store.new_id("sub")
    trial_end = now + trial_days * 24 * 60 * 60 if trial_days else None
    item = {
        "id": store.new_id("si"),
        "object": "subscription_item",
        "created": now,
        "current_period_end": trial_end or now,
        "current_period_start": now,
        "metadata": {},
        "price": price_,
        "quantity": 1,
        "subscription": identifier,
    }
    return {
        "id": identifier,
        "object": "subscription",
        "billing_cycle_anchor": trial_end or now,
        "billing_mode": {"type": "flexible"},
        "cancel_at": None,
        "cancel_at_period_end": False,
        "canceled_at": None,
        "collection_method": "charge_automatically",
        "created": now,
        "currency": price_["currency"],
        "customer": customer_id,
        "ended_at": None,
        "items": listing([item], f"/v1/subscription_items?subscription={identifier}"),
        "latest_invoice": None,
        "livemode": False,
        "metadata": metadata,
        "pause_collection": None,
        "start_date": now,
        "status": "trialing" if trial_end else "active",
        "trial_end": trial_end,
        "trial_start": now if trial_end else None,
    }


def invoice(
    store: Store, sub: Object, amount: int, *, reason: str, base_url: str, period: tuple[int, int]
) -> Object:
    """Open at once; the hour that Stripe leaves a renewal in draft does not matter here."""
    identifier = store.new_id("in")
    count = len(store.all("invoice")) + 1
    return {
        "id": identifier,
        "object": "invoice",
        "amount_due": amount,
        "amount_paid": 0,
        "amount_remaining": amount,
        "attempt_count": 0,
        "attempted": False,
        "billing_reason": reason,
        "collection_method": "charge_automatically",
        "created": store.now(),
        "currency": sub["currency"],
        "customer": sub["customer"],
        "hosted_invoice_url": f"{base_url}/invoice/{identifier}",
        "invoice_pdf": f"{base_url}/invoice/{identifier}/pdf",
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": f"WLLM-{count:04}",
        "parent": {
            "type": "subscription_details",
            "quote_details": None,
            "subscription_details": {"metadata": sub["metadata"], "subscription": sub["id"]},
        },
        "period_end": period[1],
        "period_start": period[0],
        "status": "open",
        "status_transitions": {
            "finalized_at": store.now(),
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "subtotal": amount,
        "total": amount,
    }


def charge(store: Store, invoice_: Object, intent_id: str) -> Object:
    """A payment that went through."""
    return {
        "id": store.new_id("ch"),
        "object": "charge",
        "amount": invoice_["amount_due"],
        "amount_captured": invoice_["amount_due"],
        "amount_refunded": 0,
        "created": store.now(),
        "currency": invoice_["currency"],
        "customer": invoice_["customer"],
        "disputed": False,
        "livemode": False,
        "metadata": {},
        "paid": True,
        "payment_intent": intent_id,
        "refunded": False,
        "status": "succeeded",
    }


def invoice_payment(store: Store, invoice_: Object, intent_id: str) -> Object:
    """What links an invoice to the payment intent that paid it."""
    return {
        "id": store.new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": invoice_["amount_due"],
        "amount_requested": invoice_["amount_due"],
        "created": store.now(),
        "currency": invoice_["currency"],
        "invoice": invoice_["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"type": "payment_intent", "payment_intent": intent_id},
        "status": "paid",
        "status_transitions": {"canceled_at": None, "paid_at": store.now()},
    }


def dispute(store: Store, charge_: Object) -> Object:
    """A charge the cardholder does not recognise."""
    return {
        "id": store.new_id("du"),
        "object": "dispute",
        "amount": charge_["amount"],
        "charge": charge_["id"],
        "created": store.now(),
        "currency": charge_["currency"],
        "livemode": False,
        "metadata": {},
        "payment_intent": charge_["payment_intent"],
        "reason": "fraudulent",
        "status": "needs_response",
    }
