"""Stripe's API: the local stack's double behind the doubles' counters and faults.

    with StripeDouble() as stripe:
        StripeClient(stripe.key, base_addresses={"api": stripe.url})
        stripe.lifecycle.complete_checkout(session, GOOD_CARD)   # what a person does on its pages
        stripe.take_events()                                     # what it would send, oldest first
        stripe.signed(event)                                     # body and headers of a delivery

Nothing is delivered by itself: a test decides what arrives, how often and in which order.
"""

from aiohttp import web

from local_stack.stripe_double import SECRET_KEY, WEBHOOK_SECRET, delivery
from local_stack.stripe_double.lifecycle import Lifecycle
from local_stack.stripe_double.service import StripeService
from local_stack.stripe_double.store import Object, Store
from tests.doubles.server import Double


class StripeDouble(Double):
    """One account; its clock is the process's, so time-machine moves it."""

    key = SECRET_KEY
    webhook_secret = WEBHOOK_SECRET

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self._service = StripeService(self.store)
        self._taken = 0

    @property
    def lifecycle(self) -> Lifecycle:
        """What people and time do."""
        return self._service.lifecycle

    def take_events(self) -> list[Object]:
        """Events of the kinds WatchLLM asks for, since the last call."""
        self.lifecycle.catch_up()
        new = self.store.events[self._taken :]
        self._taken = len(self.store.events)
        return [event for event in new if event["type"] in delivery.HANDLED]

    def signed(self, event: Object, **how: object) -> tuple[bytes, dict[str, str]]:
        """See `delivery.signed`."""
        return delivery.signed(event, **how)  # type: ignore[arg-type]

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Answer through the double."""
        self.lifecycle.base_url = self.url
        return await self._service.respond(request, body)
