"""The audit log of an organization."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.accounts.access import Access, organization_view
from apps.accounts.models import Role
from apps.projects.audit_log import audit_page

KINDS = {
    "api_key": "API keys",
    "provider_credential": "Provider keys",
    "project": "Projects",
    "cache": "Cache",
    "label": "Labels",
    "read_key": "Usage API keys",
    "membership": "Members",
    "invitation": "Invitations",
    "organization": "Organization",
    "feature": "Switches set by WatchLLM staff",
    "impersonation": "Visits by WatchLLM staff",
}


@require_safe
@organization_view(read=Role.ADMIN)
def audit_log(request: HttpRequest, access: Access) -> HttpResponse:
    """Who changed what, for admins and owners."""
    kind = request.GET.get("kind", "")
    actor = request.GET.get("actor", "").strip()
    below = request.GET.get("below", "")
    page = audit_page(
        access.organization,
        kind=kind if kind in KINDS else "",
        actor=actor,
        below=int(below) if below.isascii() and below.isdigit() and len(below) < 19 else None,
    )
    filters = {name: value for name, value in (("kind", kind), ("actor", actor)) if value}
    context = {
        "access": access,
        "page": page,
        "kinds": KINDS,
        "kind": kind,
        "actor": actor,
        "filtered": bool(filters),
        "older": "?" + urlencode({**filters, "below": page.older}) if page.older else "",
        "newer": "?" + urlencode(filters) if below else "",
    }
    return render(request, "app/audit/log.html", context)
