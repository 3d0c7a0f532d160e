"""API and pages as one aiohttp handler, around one store."""

import asyncio
import urllib.parse
from collections.abc import Callable
from typing import Any

from aiohttp import web

from local_stack.stripe_double import SECRET_KEY, pages
from local_stack.stripe_double.api import Api
from local_stack.stripe_double.errors import ApiError
from local_stack.stripe_double.lifecycle import CardDeclinedError, Lifecycle
from local_stack.stripe_double.store import Object, Store

_DAY = 24 * 60 * 60


class StripeService:
    """The caller owns the socket and tells `base_url` once it is known.

    `changed` is called after every request that may have written.
    """

    def __init__(
        self,
        store: Store,
        *,
        resend: Callable[[Object], None] = lambda _event: None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.store = store
        self.lifecycle = Lifecycle(store, "")
        self._api = Api(store, self.lifecycle, SECRET_KEY)
        self._resend = resend
        self._changed = changed

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Answer the API, a page, or the form on a page."""
        if request.path.startswith("/v1/"):
            answer = self._api.handle(
                request.method, request.path, request.query_string, request.headers, body
            )
            self._changed()
            return web.json_response(answer.body, status=answer.status, headers=answer.headers)
        self.lifecycle.catch_up()
        try:
            return self._page(request, body)
        except ApiError as error:
            return _html(pages.page("Not possible", f"<p>{error}</p>"), status=error.status)
        finally:
            self._changed()

    def _page(self, request: web.Request, body: bytes) -> web.StreamResponse:
        form = dict(urllib.parse.parse_qsl(body.decode())) if request.method == "POST" else {}
        _, _, rest = request.path.partition("/")
        name, _, identifier = rest.partition("/")
        if name == "checkout":
            return self._checkout(self.store.get(identifier, "checkout.session"), form)
        if name == "portal":
            session = self.store.get(identifier, "billing_portal.session")
            self._act_in_portal(session, form)
            if form:
                return _see(request.path)
            return _html(pages.portal(self.store, self.lifecycle, session))
        if name == "invoice":
            invoice = self.store.get(identifier.removesuffix("/pdf"), "invoice")
            if form:
                self.lifecycle.pay_invoice(invoice)
                return _see(request.path)
            return _html(pages.invoice(invoice))
        if not rest:
            self._control(form)
            return _see("/") if form else _html(pages.controls(self.store))
        return _html(pages.page("Not found", "<p>No such page.</p>"), status=404)

    def _checkout(self, session: Object, form: dict[str, str]) -> web.StreamResponse:
        if not form:
            return _html(pages.checkout(self.store, session))
        try:
            self.lifecycle.complete_checkout(session, form.get("card", ""))
        except CardDeclinedError:
            return _html(pages.checkout(self.store, session, "Your card was declined."))
        return _see(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))

    def _act_in_portal(self, session: Object, form: dict[str, str]) -> None:
        action = form.get("action")
        if action == "card":
            self.lifecycle.set_card(session["customer"], form.get("card", ""))
        if action in ("cancel", "resume"):
            sub = self.store.get(form.get("subject", ""), "subscription")
            if sub["customer"] == session["customer"]:
                act = self.lifecycle
                (act.cancel_in_portal if action == "cancel" else act.keep_in_portal)(sub)

    def _control(self, form: dict[str, str]) -> None:
        action, subject = form.get("action"), form.get("subject", "")
        if action in ("day", "month"):
            self.store.offset += _DAY if action == "day" else 31 * _DAY
            self.lifecycle.catch_up()
        elif action == "refund":
            self.lifecycle.refund(self.store.get(subject, "charge"))
        elif action == "dispute":
            self.lifecycle.open_dispute(self.store.get(subject, "charge"))
        elif action == "resend":
            for event in self.store.events:
                if event["id"] == subject:
                    self._resend(event)


async def live(service: StripeService, every_seconds: float) -> None:
    """Let due renewals and retries happen as time passes, until cancelled."""
    while True:
        await asyncio.sleep(every_seconds)
        service.lifecycle.catch_up()


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/html", status=status)


def _see(address: str) -> web.Response:
    headers: dict[str, Any] = {"Location": address}
    return web.Response(status=303, headers=headers)
