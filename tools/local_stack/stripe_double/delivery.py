"""Webhooks: signed as Stripe signs them, sent again until they are taken.

https://docs.stripe.com/webhooks#verify-manually gives the scheme of the signature.
"""

import asyncio
import hashlib
import hmac
import json
import time

import aiohttp

from local_stack.stripe_double import WEBHOOK_SECRET
from local_stack.stripe_double.store import Object

_RETRY_SECONDS = (1, 5, 30, 120, 600)
_TIMEOUT = aiohttp.ClientTimeout(total=20)

HANDLED = frozenset(
    {
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.refunded",
        "checkout.session.completed",
        "customer.deleted",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.paused",
        "customer.subscription.resumed",
        "customer.subscription.trial_will_end",
        "customer.subscription.updated",
        "invoice.finalized",
        "invoice.marked_uncollectible",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.voided",
    }
)
"""What the webhook endpoint asks for; Stripe sends an endpoint nothing else."""


def signed(
    event: Object, *, secret: str = WEBHOOK_SECRET, moment: float | None = None
) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a delivery, signed at `moment` (unix seconds; None: now)."""
    body = json.dumps(event, indent=2).encode()
    stamp = int(time.time() if moment is None else moment)
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": f"t={stamp},v1={digest}",
        "User-Agent": "Stripe/1.0 (WatchLLM test double)",
    }


class Delivery:
    """Sends events to one address from the running event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tasks: set[asyncio.Task[None]] = set()

    def send(self, event: Object) -> None:
        """In the background, in no promised order."""
        if event["type"] not in HANDLED:
            return
        task = asyncio.get_running_loop().create_task(self._send(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, event: Object) -> None:
        for pause in (*_RETRY_SECONDS, None):
            body, headers = signed(event)
            try:
                async with (
                    aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                    session.post(self._url, data=body, headers=headers) as answer,
                ):
                    if answer.ok:
                        return
                    reason = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError) as error:
                reason = type(error).__name__
            print(f"{event['type']} was not taken: {reason}", flush=True)
            if pause is not None:
                await asyncio.sleep(pause)
