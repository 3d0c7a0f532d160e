from typing import Any

from django.core.management.base import BaseCommand

from apps.usage.rollup import usage_rollup


class Command(BaseCommand):
    """Run it every minute or so; see ``apps.usage.rollup`` for why any number of runs is safe."""

    help = "Adds new usage log rows to the hourly sums. Safe to run twice, and from two machines."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"counted {usage_rollup()} log ids")
