"""``manage.py doctor``: checks services and settings that the product depends on."""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.staff.doctor.findings import Finding
from apps.staff.doctor.run import CHECKS, findings

_MARKS = {"ok": "ok     ", "warning": "WARNING", "failed": "FAILED ", "skipped": "skipped"}


class Command(BaseCommand):
    """Exit code 1 when something failed; warnings do not count."""

    help = "Checks every outside service and setting the way the product uses it."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON array")
        parser.add_argument(
            "--skip",
            action="append",
            default=[],
            choices=list(CHECKS),
            help="leave a check out, as the edge's before its first deployment",
        )
        parser.add_argument(
            "--api-key",
            default="",
            help="an API key to look for under the pepper; it is not printed",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = []
        for finding in findings(api_key=options["api_key"], skip=options["skip"]):
            found.append(finding)
            if not options["json"]:
                self._print(finding)
        if options["json"]:
            self.stdout.write(json.dumps([asdict(finding) for finding in found], indent=2))
        if any(finding.status == "failed" for finding in found):
            raise SystemExit(1)

    def _print(self, finding: Finding) -> None:
        self.stdout.write(f"{_MARKS[finding.status]} {finding.check}: {finding.says}")
        if finding.mend and finding.status != "ok":
            self.stdout.write(f"        → {finding.mend}")
