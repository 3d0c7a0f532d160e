"""A customer's server that takes webhooks.

with WebhookReceiver() as receiver:
    receiver.url
    receiver.answer(500)                 # from now on
    receiver.verified(secret)            # bodies received, signatures checked
"""

import base64
import hashlib
import hmac
from typing import Any

from aiohttp import web

from tests.doubles.server import Double


class WebhookReceiver(Double):
    """Verifies as the Standard Webhooks libraries do, written anew from the specification."""

    def __init__(self) -> None:
        super().__init__()
        self._status = 204
        self._headers: dict[str, str] = {}

    def answer(self, status: int, **headers: str) -> None:
        """Answer so from now on."""
        self._status, self._headers = status, headers

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """As told."""
        return web.Response(status=self._status, headers=self._headers)

    def verified(self, secret: str) -> list[Any]:
        """The JSON bodies of all requests; raises `ValueError` for a signature that is wrong."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        found = []
        for request in self.requests:
            identifier = request.headers["webhook-id"]
            stamp = request.headers["webhook-timestamp"]
            signed = f"{identifier}.{stamp}.".encode() + request.body
            digest = hmac.new(key, signed, hashlib.sha256).digest()
            expected = f"v1,{base64.b64encode(digest).decode()}"
            if expected not in request.headers["webhook-signature"].split():
                raise ValueError("wrong signature")
            body = request.json()
            if body["id"] != identifier:
                raise ValueError("the id differs")
            found.append(body)
        return found
