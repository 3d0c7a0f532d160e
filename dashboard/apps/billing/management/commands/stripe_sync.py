from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.billing.services.catalog import catalog_sync
from apps.billing.stripe_client import BillingDisabledError


class Command(BaseCommand):
    """Run it after a change of plans or prices; a second run does nothing."""

    help = "Makes products, prices and the customer portal at Stripe from the plans table."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be done.")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        try:
            done = catalog_sync(dry_run=dry_run)
        except BillingDisabledError as error:
            raise CommandError(str(error)) from error
        for line in done or ["nothing to do"]:
            self.stdout.write(f"{'would ' if dry_run and done else ''}{line}")
