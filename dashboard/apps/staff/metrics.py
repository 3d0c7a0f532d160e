"""``/metrics`` of the dashboard for Prometheus: backlogs, failures and jobs, from the database.

Every web server counts the same rows, so it does not matter which one a scrape reaches.
"""

from collections.abc import Iterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from apps.staff import operations
from shared.version import VERSION


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Needs ``Bearer METRICS_TOKEN``; where the variable is unset the page does not exist."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return JsonResponse({"error": "unauthorized"}, status=401)
    registry = CollectorRegistry()
    registry.register(_Operations())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Operations(Collector):
    """What the staff's health page shows, asked for by each scrape."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """See ``Collector``."""
        now = timezone.now()
        build = GaugeMetricFamily(
            "watchllm_dashboard_build_info", "1; the labels say what runs.", labels=["version"]
        )
        build.add_metric([VERSION], 1)
        yield build
        rows = GaugeMetricFamily(
            "watchllm_dashboard_rows", "Rows that wait or have failed.", labels=["what"]
        )
        for gauge in operations.gauges(now=now, newest=operations.last_usage_row()):
            rows.add_metric([gauge.name], gauge.value)
        yield rows
        late = GaugeMetricFamily(
            "watchllm_job_late", "1 where a job has not succeeded in time.", labels=["job"]
        )
        succeeded = GaugeMetricFamily(
            "watchllm_job_last_success_timestamp_seconds",
            "When a job last succeeded, in unix time.",
            labels=["job"],
        )
        for job in operations.jobs_health(now=now):
            late.add_metric([job.name], job.status == "failed")
            if job.succeeded_at is not None:
                succeeded.add_metric([job.name], job.succeeded_at.timestamp())
        yield from (late, succeeded)
