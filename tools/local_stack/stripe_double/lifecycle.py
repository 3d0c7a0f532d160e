"""What happens to subscriptions: bought, renewed, unpaid, changed, cancelled, paid back.

Follows https://docs.stripe.com/billing/subscriptions/overview and, for failed renewals, a retry
schedule of 3, 5 and 7 days after which the subscription is cancelled.
"""

from datetime import UTC, datetime
from typing import Any

from local_stack.stripe_double import objects
from local_stack.stripe_double.errors import ApiError
from local_stack.stripe_double.store import Object, Store

GOOD_CARD = "4242424242424242"
DECLINED_CARD = "4000000000000002"
FAILS_LATER_CARD = "4000000000000341"
"""Stripe's own test number of a card that can be attached but not charged."""

_DAY = 24 * 60 * 60
_RETRY_AFTER_DAYS = (3, 5, 7)
_TRIAL_WARNING = 3 * _DAY
_LIVE = ("active", "trialing", "past_due", "paused")


class CardDeclinedError(Exception):
    """The first payment did not go through."""


class Lifecycle:
    """Acts on a store; `base_url` is where its pages are."""

    def __init__(self, store: Store, base_url: str) -> None:
        self.store = store
        self.base_url = base_url

    # --- what people do on the pages ---

    def complete_checkout(self, session: Object, card: str) -> Object:
        """Pay the session's subscription with `card`. Raises `CardDeclinedError`."""
        if session["status"] != "open":
            raise ApiError(400, "This Checkout Session is no longer open.")
        wanted = session["_wanted"]
        trial = wanted.get("trial_period_days") or 0
        if card != GOOD_CARD and not (trial and card == FAILS_LATER_CARD):
            raise CardDeclinedError
        self.set_card(session["customer"], card)
        price = self.store.get(wanted["price"], "price")
        sub = objects.subscription(
            self.store,
            session["customer"],
            price,
            trial_days=trial,
            metadata=wanted.get("metadata", {}),
        )
        self.store.add(sub)
        if not trial:
            self._start_period(sub, self.store.now())
        self.store.emit("customer.subscription.created", sub)
        self._bill(sub, 0 if trial else price["unit_amount"], "subscription_create")
        session |= {"status": "complete", "subscription": sub["id"], "payment_status": "paid"}
        self.store.emit("checkout.session.completed", session)
        return sub

    def set_card(self, customer_id: str, number: str) -> None:
        """The customer's default card from now on."""
        customer = self.store.get(customer_id, "customer")
        method = self.store.add(
            {
                "id": self.store.new_id("pm"),
                "object": "payment_method",
                "card": {"brand": "visa", "last4": number[-4:]},
                "customer": customer_id,
                "type": "card",
                "_number": number,
            }
        )
        customer["invoice_settings"] = {"default_payment_method": method["id"]}

    def card(self, customer_id: str) -> str | None:
        """The number of the default card."""
        customer = self.store.get(customer_id, "customer")
        method = customer["invoice_settings"]["default_payment_method"]
        return str(self.store.get(method, "payment_method")["_number"]) if method else None

    def pay_invoice(self, invoice: Object) -> bool:
        """Try the default card now, as the hosted invoice page does."""
        if invoice["status"] != "open":
            raise ApiError(400, "Invoice is not open.")
        return self._attempt(invoice, self._subscription_of(invoice))

    def cancel_in_portal(self, sub: Object) -> None:
        """At the end of the period. Of subscriptions in flexible billing mode, which all new ones
        are since Clover (2025-09-30), the portal sets `cancel_at` and leaves the flag alone:
        https://docs.stripe.com/billing/subscriptions/billing-mode/compare
        """
        self.update(sub, {"cancel_at": _item(sub)["current_period_end"]})

    def keep_in_portal(self, sub: Object) -> None:
        """Take a cancellation back, however it was made."""
        by_flag = sub["cancel_at_period_end"]
        self.update(sub, {"cancel_at_period_end": False} if by_flag else {"cancel_at": None})

    # --- what the API does ---

    def update(self, sub: Object, given: dict[str, Any]) -> Object:
        """Another price, or cancelling at the period's end and taking that back."""
        if sub["status"] == "canceled":
            raise ApiError(400, "A canceled subscription can only update its metadata.")
        prices = [self._wanted_price(sub, item) for item in given.get("items", [])]
        due = sum(self._difference(sub, price) for price in prices)
        behaviour = given.get("proration_behavior", "create_prorations")
        if (
            given.get("payment_behavior") == "error_if_incomplete"
            and behaviour == "always_invoice"
            and due > 0
            and self.card(sub["customer"]) != GOOD_CARD
        ):
            raise ApiError(402, "Your card was declined.", kind="card_error", code="card_declined")
        previous = self._change_end(sub, given)
        for price in prices:
            previous["items"] = {"data": [dict(_item(sub))]}
            _item(sub)["price"] = price
        sub["metadata"] |= given.get("metadata", {})
        self.store.emit("customer.subscription.updated", sub, previous)
        if due and behaviour == "always_invoice":
            self._bill(sub, max(0, due), "subscription_update")
        elif due and behaviour == "create_prorations":
            sub["_pending"] = sub.get("_pending", 0) + due
        return sub

    def refund(self, charge: Object) -> None:
        """Give all of it back."""
        charge |= {"amount_refunded": charge["amount"], "refunded": True}
        self.store.emit("charge.refunded", charge, {"amount_refunded": 0, "refunded": False})

    def open_dispute(self, charge: Object) -> Object:
        """The cardholder's bank takes the money back for now."""
        charge["disputed"] = True
        dispute = self.store.add(objects.dispute(self.store, charge))
        self.store.emit("charge.dispute.created", dispute)
        return dispute

    def close_dispute(self, dispute: Object, status: str) -> None:
        """`won` or `lost`."""
        dispute["status"] = status
        self.store.emit("charge.dispute.closed", dispute)

    def pause(self, sub: Object) -> None:
        """As after a trial without a payment method."""
        previous = {"status": sub["status"]}
        sub["status"] = "paused"
        self.store.emit("customer.subscription.paused", sub, previous)

    def resume(self, sub: Object) -> None:
        """Take a paused one up again, in a new period that is paid for."""
        sub["status"] = "active"
        self._start_period(sub, self.store.now())
        self.store.emit("customer.subscription.resumed", sub, {"status": "paused"})
        self._bill(sub, _item(sub)["price"]["unit_amount"], "subscription_cycle")

    def void(self, invoice: Object) -> Object:
        """Nobody can pay it any more."""
        if invoice["status"] != "open":
            raise ApiError(400, f"You can only void open invoices: this is {invoice['status']}.")
        invoice |= {"status": "void", "next_payment_attempt": None}
        invoice["status_transitions"]["voided_at"] = self.store.now()
        self.store.emit("invoice.voided", invoice)
        sub = self._subscription_of(invoice)
        if sub["status"] == "past_due" and not self._open_invoices(sub):
            sub["status"] = "active"
            self.store.emit("customer.subscription.updated", sub, {"status": "past_due"})
        return invoice

    def expire(self, session: Object) -> Object:
        """Close a Checkout page that nobody has paid on."""
        if session["status"] != "open":
            raise ApiError(400, f"Only open Checkout Sessions can be expired: {session['status']}.")
        session["status"] = "expired"
        return session

    def delete_customer(self, customer: Object) -> None:
        """As Stripe's own staff page does: what it bought ends, its history stays."""
        for sub in self.store.all("subscription", customer=customer["id"]):
            if sub["status"] != "canceled":
                self.cancel(sub)
        self.store.emit("customer.deleted", customer)
        identifier = customer["id"]
        customer.clear()
        customer |= {"id": identifier, "object": "customer", "deleted": True}

    def cancel(self, sub: Object) -> None:
        """End it now."""
        sub |= {
            "status": "canceled",
            "ended_at": self.store.now(),
            "canceled_at": sub["canceled_at"] or self.store.now(),
        }
        for invoice in self._open_invoices(sub):
            invoice["next_payment_attempt"] = None
        self.store.emit("customer.subscription.deleted", sub)

    # --- what time does ---

    def catch_up(self) -> None:
        """Live through everything that was due until now, in order."""
        present = self.store.now()
        for session in self.store.all("checkout.session", status="open"):
            if session["expires_at"] <= present:
                self.expire(session)
        while due := self._next_due(present):
            moment, act, subject = due
            self.store.at(moment)
            try:
                act(subject)
            finally:
                self.store.at(None)

    def _next_due(self, present: int) -> tuple[int, Any, Object] | None:
        found: list[tuple[int, str, Any, Object]] = []
        for sub in self.store.all("subscription"):
            if sub["status"] not in _LIVE or sub["status"] == "paused":
                continue
            if sub["status"] == "trialing" and not sub.get("_warned"):
                warning = max(sub["trial_end"] - _TRIAL_WARNING, sub["created"])
                found.append((warning, sub["id"], self._warn_trial, sub))
            found.append((_item(sub)["current_period_end"], sub["id"], self._renew, sub))
            found += [
                (retry, invoice["id"], self._retry, invoice)
                for invoice in self._open_invoices(sub)
                if (retry := invoice["next_payment_attempt"])
            ]
        found = [item for item in found if item[0] <= present]
        if not found:
            return None
        moment, _, act, subject = min(found, key=lambda item: item[:2])
        return moment, act, subject

    def _warn_trial(self, sub: Object) -> None:
        sub["_warned"] = True
        self.store.emit("customer.subscription.trial_will_end", sub)

    def _renew(self, sub: Object) -> None:
        end = _item(sub)["current_period_end"]
        if sub["cancel_at"] is not None and sub["cancel_at"] <= end:
            self.cancel(sub)
            return
        was = sub["status"]
        if was == "trialing":
            sub["status"] = "active"
        self._start_period(sub, end)
        self.store.emit("customer.subscription.updated", sub, {"status": was})
        amount = _item(sub)["price"]["unit_amount"] + sub.pop("_pending", 0)
        self._bill(sub, max(0, amount), "subscription_cycle")

    def _retry(self, invoice: Object) -> None:
        self._attempt(invoice, self._subscription_of(invoice))

    # --- inside ---

    def _start_period(self, sub: Object, start: int) -> None:
        _item(sub).update(current_period_start=start, current_period_end=_a_month_after(start))

    def _change_end(self, sub: Object, given: dict[str, Any]) -> dict[str, Any]:
        """What was before. Either parameter takes back only what it set itself."""
        if "cancel_at_period_end" in given and "cancel_at" in given:
            raise ApiError(
                400,
                "Received both cancel_at_period_end and cancel_at parameters. Please pass in only "
                "one.",
            )
        names = ("cancel_at_period_end", "cancel_at", "canceled_at")
        before = {name: sub[name] for name in names}
        by_flag = sub["cancel_at_period_end"]
        if "cancel_at_period_end" in given and (given["cancel_at_period_end"] or by_flag):
            ending = given["cancel_at_period_end"]
            sub["cancel_at_period_end"] = ending
            sub["cancel_at"] = _item(sub)["current_period_end"] if ending else None
        elif "cancel_at" in given and not by_flag:
            sub["cancel_at"] = given["cancel_at"]
        if sub["cancel_at"] != before["cancel_at"]:
            sub["canceled_at"] = self.store.now() if sub["cancel_at"] else None
        return {name: value for name, value in before.items() if sub[name] != value}

    def _wanted_price(self, sub: Object, wanted: dict[str, Any]) -> Object:
        if wanted.get("id") != _item(sub)["id"]:
            raise ApiError(404, f"No such subscription item: '{wanted.get('id')}'")
        price = self.store.get(wanted["price"], "price")
        if not price["active"] and price is not _item(sub)["price"]:
            raise ApiError(400, "The price specified is inactive.", param="items[0][price]")
        return price

    def _difference(self, sub: Object, price: Object) -> int:
        """Prorated for the rest of the period, in the currency's minor unit."""
        item = _item(sub)
        if sub["status"] == "trialing":
            return 0
        difference = price["unit_amount"] - item["price"]["unit_amount"]
        length = item["current_period_end"] - item["current_period_start"]
        return int(difference * (item["current_period_end"] - self.store.now()) / length)

    def _bill(self, sub: Object, amount: int, reason: str) -> None:
        item = _item(sub)
        period = (item["current_period_start"], item["current_period_end"])
        invoice = objects.invoice(
            self.store, sub, amount, reason=reason, base_url=self.base_url, period=period
        )
        self.store.add(invoice)
        sub["latest_invoice"] = invoice["id"]
        self.store.emit("invoice.created", invoice)
        self.store.emit("invoice.finalized", invoice)
        self._attempt(invoice, sub)

    def _attempt(self, invoice: Object, sub: Object) -> bool:
        invoice["attempted"] = True
        invoice["attempt_count"] += 1
        if invoice["amount_due"] and self.card(sub["customer"]) != GOOD_CARD:
            self._failed(invoice, sub)
            return False
        intent_id = self.store.new_id("pi")
        now = self.store.now()
        invoice |= {
            "status": "paid",
            "amount_paid": invoice["amount_due"],
            "amount_remaining": 0,
            "next_payment_attempt": None,
        }
        invoice["status_transitions"]["paid_at"] = now
        if invoice["amount_due"]:
            charge = self.store.add(objects.charge(self.store, invoice, intent_id))
            self.store.add(objects.invoice_payment(self.store, invoice, intent_id))
            self.store.emit("charge.succeeded", charge)
        self.store.emit("invoice.paid", invoice)
        if sub["status"] == "past_due":
            sub["status"] = "active"
            self.store.emit("customer.subscription.updated", sub, {"status": "past_due"})
        return True

    def _failed(self, invoice: Object, sub: Object) -> None:
        tries = invoice["attempt_count"]
        again = tries <= len(_RETRY_AFTER_DAYS)
        invoice["next_payment_attempt"] = (
            self.store.now() + _RETRY_AFTER_DAYS[tries - 1] * _DAY if again else None
        )
        self.store.emit("invoice.payment_failed", invoice)
        if not again:
            self.cancel(sub)
        elif sub["status"] != "past_due":
            was = sub["status"]
            sub["status"] = "past_due"
            self.store.emit("customer.subscription.updated", sub, {"status": was})

    def _open_invoices(self, sub: Object) -> list[Object]:
        return [
            invoice
            for invoice in self.store.all("invoice", status="open")
            if self._subscription_of(invoice) is sub
        ]

    def _subscription_of(self, invoice: Object) -> Object:
        return self.store.get(
            invoice["parent"]["subscription_details"]["subscription"], "subscription"
        )


def _item(sub: Object) -> dict[str, Any]:
    item: dict[str, Any] = sub["items"]["data"][0]
    return item


def _a_month_after(moment: int) -> int:
    """The same day of the next month, or its last day."""
    start = datetime.fromtimestamp(moment, UTC)
    year, month = divmod(start.year * 12 + start.month, 12)
    for day in range(start.day, 27, -1):
        try:
            return int(start.replace(year=year, month=month + 1, day=day).timestamp())
        except ValueError:
            continue
    return int(start.replace(year=year, month=month + 1).timestamp())
