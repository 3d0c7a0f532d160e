"""An organization's front page: all of its projects, this month."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.access import Access, organization_view
from apps.usage import freshness
from apps.usage.month import requests_this_month
from apps.usage.organization_month import organization_month


@require_safe
@organization_view()
def organization_overview(request: HttpRequest, access: Access) -> HttpResponse:
    """Spend, savings and hit rate by project, and where the month is heading."""
    freshness.refresh()
    now = timezone.now()
    used = requests_this_month(access.organization, now)
    context = {
        "access": access,
        "month": organization_month(access.organization, now, quota_requests=used),
        "used": used,
        "limit": access.organization.limits.monthly_requests,
    }
    return render(request, "app/organization_overview.html", context)
