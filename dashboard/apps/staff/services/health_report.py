"""Examining the outside services on request, away from the request that asked for it.

The checks wait for outside servers, for half a minute when several are away, which is too long for
a page. So the button stores a request for an examination. A thread of the process runs it at once;
if that process dies, the next tick does.
"""

import time
from dataclasses import asdict

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.background import run_soon
from apps.staff.models import HealthReport


@transaction.atomic
def health_report_request(*, actor: User) -> HealthReport:
    """Requests an examination; requests made before it is done share it."""
    report, _ = HealthReport.objects.update_or_create(
        key=1, defaults={"requested_at": timezone.now(), "requested_by": actor}
    )
    run_soon(health_report_run_due)
    return report


def health_report_run_due() -> str:
    """Runs the requested examination, if there is one."""
    report = HealthReport.objects.filter(key=1).first()
    if report is None or not report.pending:
        return "not asked for"
    # Late: the checks import a client of every service, half of the time in which a process starts.
    from apps.staff.doctor.run import findings

    asked, began = report.requested_at, time.monotonic()
    found = [asdict(finding) for finding in findings()]
    HealthReport.objects.filter(key=1).update(
        findings=found,
        took_ms=round((time.monotonic() - began) * 1000),
        # Never before the request, even where two machines' clocks differ.
        checked_at=max(timezone.now(), asked),
    )
    failed = sum(finding["status"] == "failed" for finding in found)
    return f"{len(found)} findings, {failed} failed"
