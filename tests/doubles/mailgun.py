"""Mailgun's API as far as a sender uses it: messages and events of one domain in one region.

    with MailgunDouble() as mailgun:
        mailgun.url, mailgun.domain, mailgun.key
        mailgun.messages                  # what was taken, oldest first
        mailgun.lose_answers(1)           # take the next message, then break the connection
        mailgun.webhook("complained", …)  # body of a signed webhook

It is strict about the form: the right content type, the fields Mailgun documents and no others,
values of the right shape. https://documentation.mailgun.com/docs/mailgun/api-reference/
"""

import base64
import email.policy
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass
from email.parser import BytesParser
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from tests.doubles.server import Double, reset_connection

_FIELDS = frozenset({"from", "to", "cc", "bcc", "subject", "text", "html", "attachment"})
_PREFIXES = ("h:", "o:", "v:")
_MAX_TAGS = 10


@dataclass(frozen=True, slots=True)
class TakenMessage:
    """One accepted message; headers without their ``h:``, names in lower case."""

    to: tuple[str, ...]
    sender: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]
    tags: tuple[str, ...]

    @property
    def message_id(self) -> str:
        """Without angle brackets."""
        return self.headers["message-id"].strip("<>")


class MailgunDouble(Double):
    """See the module's docstring."""

    domain = "mg.example.com"
    key = "key-0123456789abcdef"
    signing_key = "signing-0123456789"

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[TakenMessage] = []
        self.key_reads_events = True  # a domain's sending key does not
        self._answers_to_lose = 0

    def lose_answers(self, count: int) -> None:
        """Take the next messages and break the connection instead of answering."""
        self._answers_to_lose = count

    def webhook(
        self, event: str, recipient: str, *, moment: float | None = None, **data: Any
    ) -> bytes:
        """A signed webhook's body."""
        stamp = str(int(time.time() if moment is None else moment))
        token = uuid.uuid4().hex + uuid.uuid4().hex[:18]
        digest = hmac.new(self.signing_key.encode(), (stamp + token).encode(), hashlib.sha256)
        return json.dumps(
            {
                "signature": {"timestamp": stamp, "token": token, "signature": digest.hexdigest()},
                "event-data": {"event": event, "recipient": recipient, "id": uuid.uuid4().hex}
                | data,
            }
        ).encode()

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Messages and events; 401 and 404 as Mailgun answers them."""
        expected = base64.b64encode(f"api:{self.key}".encode()).decode()
        if request.headers.get("Authorization") != f"Basic {expected}":
            return web.Response(status=401, text="Forbidden")
        if (request.method, request.path) == ("GET", f"/v3/{self.domain}/events"):
            if not self.key_reads_events:
                return web.Response(status=403, text="Forbidden")
            return self._events(request)
        if (request.method, request.path) != ("POST", f"/v3/{self.domain}/messages"):
            return _refuse(404, "Domain not found")
        try:
            message = _read(_form(request, body))
        except ValueError as error:
            return _refuse(400, str(error))
        self.messages.append(message)
        if self._answers_to_lose:
            self._answers_to_lose -= 1
            reset_connection(request)
        return web.json_response({"id": f"<{message.message_id}>", "message": "Queued. Thank you."})

    def _events(self, request: web.Request) -> web.Response:
        wanted = request.query.get("message-id")
        items = [
            {"event": "accepted", "message": {"headers": {"message-id": message.message_id}}}
            for message in self.messages
            if wanted in (None, message.message_id)
        ]
        return web.json_response({"items": items[: int(request.query.get("limit", 100))]})


def _form(request: web.Request, body: bytes) -> dict[str, list[str]]:
    if request.content_type == "application/x-www-form-urlencoded":
        return parse_qs(body.decode(), keep_blank_values=True, strict_parsing=True)
    if request.content_type != "multipart/form-data":
        raise ValueError("a form is expected")
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    parsed = BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    found: dict[str, list[str]] = {}
    for part in parsed.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        found.setdefault(name, []).append(part.get_content())
    return found


def _read(form: dict[str, list[str]]) -> TakenMessage:
    for name in form:
        if name not in _FIELDS and not name.startswith(_PREFIXES):
            raise ValueError(f"unknown field {name}")
    one = {name: values[0] for name, values in form.items()}
    for name in ("from", "to", "subject"):
        if not one.get(name):
            raise ValueError(f"{name} parameter is missing")
    if not one.get("text") and not one.get("html"):
        raise ValueError("Need at least one of 'text' or 'html' parameters specified")
    tags = form.get("o:tag", [])
    if len(tags) > _MAX_TAGS or any(not tag.isascii() or len(tag) > 128 for tag in tags):
        raise ValueError("invalid tags")
    for address in form["to"]:
        if "@" not in address:
            raise ValueError("'to' parameter is not a valid address. please check documentation")
    headers = {name[2:].lower(): value for name, value in one.items() if name.startswith("h:")}
    headers.setdefault("message-id", f"<{uuid.uuid4()}@{MailgunDouble.domain}>")
    return TakenMessage(
        to=tuple(form["to"]),
        sender=one["from"],
        subject=one["subject"],
        text=one.get("text", ""),
        html=one.get("html", ""),
        headers=headers,
        tags=tuple(tags),
    )


def _refuse(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
