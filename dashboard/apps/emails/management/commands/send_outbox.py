from typing import Any

from django.core.management.base import BaseCommand

from apps.emails.services.outbox import outbox_send_due


class Command(BaseCommand):
    """``tick`` does the same every minute."""

    help = "Sends the messages that are due. Safe to run twice, and from two machines."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"handled {outbox_send_due()} messages")
