from typing import Any

from django.core.management.base import BaseCommand

from apps.cache.services.evidence import semantic_evidence_restore


class Command(BaseCommand):
    """``tick`` does the same every few minutes; this is for right after Redis was lost."""

    help = "Gives Redis back what it has lost of the evidence on semantic hits. Safe to run twice."

    def handle(self, *args: Any, **options: Any) -> None:
        raised = semantic_evidence_restore()
        self.stdout.write(f"{raised} counters were behind and have been raised.")
