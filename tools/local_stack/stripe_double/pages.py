"""The pages people click through: Checkout, customer portal, hosted invoice, and the controls."""

from datetime import UTC, datetime
from html import escape
from typing import Any

from local_stack.stripe_double.lifecycle import (
    DECLINED_CARD,
    FAILS_LATER_CARD,
    GOOD_CARD,
    Lifecycle,
)
from local_stack.stripe_double.store import Object, Store

_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>{title} · Stripe test double</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 1rem; }}
.double {{ background: #b45309; color: #fff; padding: .5rem 1rem; border-radius: .5rem; }}
table {{ border-collapse: collapse; width: 100%; }}
td, th {{ text-align: left; padding: .4rem .6rem; border-bottom: 1px solid #8885; }}
button {{ font: inherit; padding: .4rem .9rem; cursor: pointer; }}
form {{ display: inline-block; margin: .2rem .4rem .2rem 0; }}
label {{ display: block; margin: .5rem 0; }}
</style></head><body>
<p class="double"><strong>Stripe test double.</strong> Part of your local stack: no card is charged,
nothing leaves this machine.</p>
<h1>{title}</h1>
{body}
</body></html>"""

_CARDS = (
    (GOOD_CARD, "4242 4242 4242 4242, pays"),
    (FAILS_LATER_CARD, "4000 0000 0000 0341, is accepted and fails when charged"),
    (DECLINED_CARD, "4000 0000 0000 0002, declined"),
)


def page(title: str, body: str) -> str:
    """A whole page; `body` is HTML."""
    return _PAGE.format(title=escape(title), body=body)


def checkout(store: Store, session: Object, error: str = "") -> str:
    """Choose a card and subscribe."""
    if session["status"] != "open":
        state = "complete" if session["status"] == "complete" else "no longer open"
        return page("Checkout", f"<p>This Checkout session is {state}.</p>{_back(session)}")
    price = store.get(session["_wanted"]["price"], "price")
    product = store.get(price["product"], "product")
    trial = session["_wanted"].get("trial_period_days")
    notes = [f"<p>{trial} days free first.</p>"] if trial else []
    if session.get("allow_promotion_codes"):
        notes.append("<p>Promotion codes would be taken here.</p>")
    if error:
        notes.append(f'<p role="alert"><strong>{escape(error)}</strong></p>')
    body = f"""<p>{escape(product["name"])}: {money(price["unit_amount"])} a month</p>
{"".join(notes)}
<form method="post">{_card_choice()}<button name="action" value="pay">Subscribe</button></form>
{_back(session)}"""
    return page("Checkout", body)


def portal(store: Store, lifecycle: Lifecycle, session: Object) -> str:
    """Card, invoices, cancelling."""
    customer_id = session["customer"]
    card = lifecycle.card(customer_id)
    parts = [f"<p>Card: {'…' + card[-4:] if card else 'none'}</p>"]
    parts.append(
        f'<form method="post">{_card_choice()}'
        '<button name="action" value="card">Use this card</button></form>'
    )
    parts.extend(
        f"<h2>Subscription, {escape(sub['status'])}</h2>{_subscription(store, sub)}"
        for sub in store.all("subscription", customer=customer_id)
    )
    parts.append(f"<h2>Invoices</h2>{_invoices(store.all('invoice', customer=customer_id))}")
    parts.append(f'<p><a href="{escape(session["return_url"] or "")}">Back to WatchLLM</a></p>')
    return page("Customer portal", "".join(parts))


def invoice(item: Object) -> str:
    """The hosted invoice page."""
    body = f"<p>{escape(item['number'])}: {money(item['amount_due'])}, {escape(item['status'])}</p>"
    if item["status"] == "open":
        body += '<form method="post"><button name="action" value="pay">Pay now</button></form>'
    return page("Invoice", body)


def controls(store: Store) -> str:
    """Everything there is, and buttons for what only time, banks or staff could do."""
    moment = datetime.fromtimestamp(store.now(), UTC)
    parts = [
        f"<p>It is {moment:%Y-%m-%d %H:%M} here.</p>",
        _button("day", "Let a day pass"),
        _button("month", "Let a month pass"),
        "<p>For Stripe alone: the grace after a failed payment runs by the dashboard's clock.</p>",
        "<h2>Subscriptions</h2>",
    ]
    for sub in store.all("subscription"):
        customer = store.get(sub["customer"], "customer")
        name = customer.get("name") or customer.get("email") or customer["id"]
        parts.append(f"<p>{escape(name)}: {escape(sub['status'])}</p>")
    parts.append("<h2>Charges</h2>")
    for charge in store.all("charge"):
        state = "refunded" if charge["refunded"] else "disputed" if charge["disputed"] else "paid"
        parts.append(f"<p>{money(charge['amount'])}, {state} ")
        if state == "paid":
            parts.append(_button("refund", "Refund", charge["id"]))
            parts.append(_button("dispute", "Dispute", charge["id"]))
        parts.append("</p>")
    rows = "".join(
        f"<tr><td>{escape(event['type'])}</td><td>{event['id']}</td>"
        f"<td>{_button('resend', 'Send again', event['id'])}</td></tr>"
        for event in store.events[::-1][:50]
    )
    parts.append(f"<h2>Events</h2><table>{rows}</table>")
    return page("Controls", "".join(parts))


def money(cents: int) -> str:
    """US dollars."""
    return f"${cents / 100:,.2f}"


def _subscription(store: Store, sub: Object) -> str:
    item = sub["items"]["data"][0]
    product = store.get(item["price"]["product"], "product")
    end = datetime.fromtimestamp(item["current_period_end"], UTC)
    text = f"<p>{escape(product['name'])}, until {end:%Y-%m-%d}"
    if sub["status"] == "canceled":
        return text + ", ended</p>"
    if sub["cancel_at"]:
        return text + ", cancelled</p>" + _button("resume", "Keep the subscription", sub["id"])
    return text + "</p>" + _button("cancel", "Cancel at the end of the period", sub["id"])


def _invoices(items: list[Object]) -> str:
    rows = "".join(
        f'<tr><td><a href="{escape(item["hosted_invoice_url"])}">{escape(item["number"])}</a></td>'
        f"<td>{money(item['amount_due'])}</td><td>{escape(item['status'])}</td></tr>"
        for item in items
    )
    return f"<table>{rows}</table>"


def _back(session: Object) -> str:
    return f'<p><a href="{escape(session["cancel_url"] or "")}">Back without subscribing</a></p>'


def _card_choice() -> str:
    options = "".join(f'<option value="{number}">{label}</option>' for number, label in _CARDS)
    return f'<label>Test card <select name="card">{options}</select></label>'


def _button(action: str, label: str, subject: Any = "") -> str:
    return (
        f'<form method="post"><input type="hidden" name="subject" value="{subject}">'
        f'<button name="action" value="{action}">{label}</button></form>'
    )
