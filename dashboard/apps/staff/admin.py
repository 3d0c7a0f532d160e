"""The health page: the doctor's last findings, and the state of jobs and backlogs."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from apps.accounts.model_admin import actor_of
from apps.staff import operations
from apps.staff.models import HealthReport
from apps.staff.services.health_report import health_report_request
from apps.ui.model_admin import ReadOnlyAdmin

_ORDER = ("failed", "warning", "ok", "skipped")


@admin.register(HealthReport)
class HealthReportAdmin(ReadOnlyAdmin):
    """A page in place of the list. Opening it calls no outside service; its button does."""

    def get_urls(self) -> list[URLPattern]:
        run = require_POST(self.admin_site.admin_view(self.run))
        mine = [path("run/", run, name="staff_healthreport_run")]
        return mine + super().get_urls()  # type: ignore[no-any-return]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The last report and the gauges."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        newest = operations.last_usage_row()
        report = HealthReport.objects.select_related("requested_by").first()
        context = {
            **self.admin_site.each_context(request),
            **(extra_context or {}),
            "title": "Health",
            "opts": self.model._meta,
            "report": report,
            "findings": _by_weight(report) if report else [],
            "jobs": operations.jobs_health(now=now),
            "gauges": operations.gauges(now=now, newest=newest),
            "last_row": newest,
            "may_run": request.user.has_perm("staff.run_doctor"),
        }
        return TemplateResponse(request, "staff/health.html", context)

    def run(self, request: HttpRequest) -> HttpResponse:
        """Asks for an examination; the page shows it when it is done."""
        if not request.user.has_perm("staff.run_doctor"):
            raise PermissionDenied
        health_report_request(actor=actor_of(request))
        messages.info(request, "The examination has begun; this page follows it.")
        return HttpResponseRedirect(reverse("admin:staff_healthreport_changelist"))


def _by_weight(report: HealthReport) -> list[dict[str, Any]]:
    return sorted(report.findings, key=lambda finding: _ORDER.index(finding["status"]))
