"""Sending through Mailgun, as a Django e-mail backend around ``mailgun2``.

``mailgun2`` builds the form and knows the paths. What it lacks is added in ``_Client``: the
region's address, a timeout, and a look at the status. It is given no inlines: those it reads as
text.
https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages
"""

from collections.abc import Sequence
from typing import Any

import requests
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from mailgun2 import Mailgun

from apps.emails.backends.errors import (
    MailError,
    MailRefusedError,
    MailUnavailableError,
    MailUncertainError,
)

_TIMEOUT = (5.0, 15.0)  # seconds to connect, and to answer
_NEVER_CONNECTED = frozenset(
    {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}
)  # urllib3's reasons
_TEMPORARY = frozenset({401, 403, 408, 425, 429})


class _Client(Mailgun):
    def __init__(self, *, base_url: str, domain: str, key: str) -> None:
        super().__init__(domain, key, None)
        self.base_url = f"{base_url}/v3/{domain}"
        self._session = requests.Session()

    def post(self, path: str, data: Any, files: Any = None, **_options: Any) -> requests.Response:
        """Raises a ``MailError`` for everything but 200."""
        return self._call("POST", path, data=data, files=files)

    def get(self, path: str, params: Any = None, **_options: Any) -> requests.Response:
        """As ``post``."""
        return self._call("GET", path, params=params)

    def close(self) -> None:
        """Lets the connection go."""
        self._session.close()

    def _call(self, method: str, path: str, **body: Any) -> requests.Response:
        url = self.base_url + path
        try:
            answer = self._session.request(
                method, url, auth=self.auth, timeout=_TIMEOUT, allow_redirects=False, **body
            )
        except requests.ConnectTimeout as error:
            raise MailUnavailableError("Mailgun could not be reached in time") from error
        except requests.Timeout as error:
            raise MailUncertainError("Mailgun did not answer in time") from error
        except requests.ConnectionError as error:
            raise _connection_error(error) from error
        if answer.status_code == 200:
            return answer
        reason = f"Mailgun answered {answer.status_code}"
        if answer.status_code in _TEMPORARY or answer.status_code >= 500:
            raise MailUnavailableError(reason)
        raise MailRefusedError(f"{reason}: {answer.text[:200]}")


class EmailBackend(BaseEmailBackend):
    """Sends each message by itself; raises the first ``MailError``."""

    def __init__(self, fail_silently: bool = False, **_options: Any) -> None:  # noqa: FBT001, FBT002
        super().__init__(fail_silently=fail_silently)
        self._client: _Client | None = None

    def open(self) -> bool:
        """One connection for all messages until ``close``."""
        if self._client is not None:
            return False
        self._client = _Client(
            base_url=settings.MAILGUN_BASE_URL,
            domain=settings.MAILGUN_DOMAIN,
            key=settings.MAILGUN_API_KEY,
        )
        return True

    def close(self) -> None:
        """Ends what ``open`` began."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """How many were taken."""
        opened = self.open()
        sent = 0
        try:
            for message in email_messages:
                try:
                    self._send(message)
                except MailError:
                    if not self.fail_silently:
                        raise
                else:
                    sent += 1
        finally:
            if opened:
                self.close()
        return sent

    def has_message(self, message_id: str) -> bool:
        """Whether Mailgun has taken a message with this Message-Id. Raises ``MailError``."""
        opened = self.open()
        try:
            assert self._client is not None  # noqa: S101 - opened above
            answer = self._client.get_events(filters={"message-id": message_id, "limit": 1})
            return bool(answer.json().get("items"))
        finally:
            if opened:
                self.close()

    def _send(self, message: EmailMessage) -> None:
        assert self._client is not None  # noqa: S101 - opened by the caller
        html = next(
            (
                part.content
                for part in getattr(message, "alternatives", ())
                if part.mimetype == "text/html"
            ),
            None,
        )
        self._client.send_message(
            message.from_email,
            list(message.to),
            cc=list(message.cc),
            bcc=list(message.bcc),
            subject=message.subject,
            text=message.body,
            html=html,
            reply_to=", ".join(message.reply_to),
            headers=dict(message.extra_headers),
            tags=getattr(message, "tags", None),
        )


def _connection_error(error: requests.ConnectionError) -> MailError:
    """Without a connection the message was certainly not taken; if one broke, it may have been."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if type(reason).__name__ in (
        "NewConnectionError",
        "NameResolutionError",
        "ConnectTimeoutError",
    ):
        return MailUnavailableError("Mailgun could not be reached")
    return MailUncertainError("the connection to Mailgun broke")
