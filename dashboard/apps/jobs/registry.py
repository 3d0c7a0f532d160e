"""All scheduled work. Each job may safely run twice, or not at all for a while."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from apps.alerts.services.anomalies import anomaly_alerts_due
from apps.alerts.services.digests import first_hits_due, key_expiries_due, weekly_reports_due
from apps.alerts.services.drift import quota_drift_repair
from apps.alerts.services.quota import budget_alerts_due, quota_alerts_due
from apps.alerts.services.semantic import semantic_alerts_due
from apps.billing.services.events import events_handle_due
from apps.billing.services.reconcile import reconcile_daily
from apps.billing.services.sync import entitlements_apply_due, trial_notices_due
from apps.cache.services.evidence import semantic_evidence_restore
from apps.emails.services.outbox import outbox_send_due
from apps.impersonation.services import impersonations_expire_due
from apps.projects.edge_sync import edge_publish_due
from apps.staff.services.health_report import health_report_run_due
from apps.usage.erasure import projects_erase_due
from apps.usage.retention import usage_retention
from apps.usage.rollup import usage_rollup
from apps.webhooks.services.deliver import deliveries_send_due

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Job:
    """``lease``: a machine that runs the job renews its claim within this time; without that it
    counts as dead, and any machine may start the job again. ``longest``: the claim is not renewed
    beyond this, so that a run that hangs holds the job for no longer.

    ``waits``: it calls servers of others one after another, which may take many minutes.
    """

    name: str
    run: Callable[[], object]
    every: timedelta
    lease: timedelta = MINUTE
    longest: timedelta = timedelta(minutes=10)
    waits: bool = False


JOBS: tuple[Job, ...] = (
    Job("stripe_events", events_handle_due, MINUTE),
    Job("edge_publish", edge_publish_due, MINUTE),
    Job("usage_rollup", usage_rollup, MINUTE),
    Job("semantic_evidence_restore", semantic_evidence_restore, 5 * MINUTE),
    Job("entitlements", entitlements_apply_due, 10 * MINUTE),
    Job("trial_notices", trial_notices_due, HOUR),
    Job("quota_alerts", quota_alerts_due, 5 * MINUTE),
    Job("budget_alerts", budget_alerts_due, 5 * MINUTE),
    Job("first_hits", first_hits_due, 5 * MINUTE),
    Job("anomaly_alerts", anomaly_alerts_due, 30 * MINUTE),
    Job("semantic_alerts", semantic_alerts_due, 5 * MINUTE),
    Job("key_expiries", key_expiries_due, HOUR),
    Job("weekly_reports", weekly_reports_due, HOUR),
    Job("quota_drift", quota_drift_repair, 6 * HOUR, longest=HOUR),
    Job("usage_retention", usage_retention, HOUR, longest=HOUR),
    Job("projects_erase", projects_erase_due, HOUR, longest=HOUR),
    Job("impersonations", impersonations_expire_due, MINUTE),
    Job("health_report", health_report_run_due, MINUTE),
    # Last, so that messages written by the others go out in the same minute, and sending delays
    # none of them.
    Job("outbox", outbox_send_due, MINUTE, waits=True),
    Job("webhooks", deliveries_send_due, MINUTE, waits=True),
    Job("stripe_reconcile", reconcile_daily, DAY, longest=2 * HOUR, waits=True),
)
