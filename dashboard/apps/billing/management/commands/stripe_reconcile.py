from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.billing.services.reconcile import reconcile
from apps.billing.stripe_client import BillingDisabledError


class Command(BaseCommand):
    """Daily, and after Stripe or we were away for long."""

    help = "Compares Stripe with our records, mends what differs and reports the rest."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Report and keep nothing.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        count = 0
        try:
            for line in reconcile(dry_run=dry_run):
                count += 1
                self.stdout.write(line)
        except BillingDisabledError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} differences{', nothing was kept' if dry_run else ''}")
