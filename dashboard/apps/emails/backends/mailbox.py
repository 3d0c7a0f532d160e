"""Mail backend for a machine without a mail provider: messages go to a page of the dashboard."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from apps.emails.models import MailboxMessage


class EmailBackend(BaseEmailBackend):
    """Keeps every message for /dev/mailbox/."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """All of them."""
        for message in email_messages:
            html = [
                str(part.content)
                for part in getattr(message, "alternatives", ())
                if part.mimetype == "text/html"
            ]
            MailboxMessage.objects.create(
                to=", ".join(message.to)[:254],
                subject=str(message.subject)[:254],
                text=str(message.body),
                html=html[0] if html else "",
            )
        return len(email_messages)
