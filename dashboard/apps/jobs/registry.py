"""All scheduled work. Each job is safe to run twice, and to be run by nobody for a while."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from apps.billing.services.events import events_handle_due
from apps.billing.services.sync import entitlements_apply_due, trial_notices_due
from apps.emails.services.outbox import outbox_send_due
from apps.usage.rollup import usage_rollup

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Job:
    """``lease``: after that long without an end the job is taken for dead and may start anew."""

    name: str
    run: Callable[[], object]
    every: timedelta
    lease: timedelta = timedelta(minutes=10)


JOBS: tuple[Job, ...] = (
    Job("stripe_events", events_handle_due, MINUTE),
    Job("usage_rollup", usage_rollup, MINUTE),
    Job("entitlements", entitlements_apply_due, 10 * MINUTE),
    Job("trial_notices", trial_notices_due, HOUR),
    # Last, so that what the others wrote goes out in the same minute.
    Job("outbox", outbox_send_due, MINUTE),
)
