"""The staff site's looks and navigation (django-unfold)."""

from typing import Any

from django.urls import reverse_lazy

__all__ = ["UNFOLD"]


def _link(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "WatchLLM staff",
    "SITE_HEADER": "WatchLLM",
    "SITE_SUBHEADER": "Staff",
    "SITE_SYMBOL": "bolt",
    "SITE_URL": "/app/",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "apps.staff.home.context",
    "COMMAND": {"search_models": ["accounts.organization", "projects.project", "accounts.user"]},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "navigation": [
            {
                "items": [
                    {"title": "Home", "icon": "home", "link": reverse_lazy("admin:index")},
                ]
            },
            {
                "title": "Customers",
                "separator": True,
                "items": [
                    _link("Organizations", "apartment", "accounts_organization"),
                    _link("Projects", "deployed_code", "projects_project"),
                    _link("API keys", "key", "projects_apikey"),
                    _link("Provider keys", "lock", "projects_providercredential"),
                    _link("Plans", "sell", "accounts_plan"),
                ],
            },
            {
                "title": "Traffic",
                "separator": True,
                "items": [
                    _link("Requests", "list_alt", "usage_usagelog"),
                    _link("Hourly usage", "bar_chart", "usage_usagehourly"),
                ],
            },
            {
                "title": "Administration",
                "separator": True,
                "items": [
                    _link("People", "group", "accounts_user"),
                    _link("Audit log", "history", "audit_auditlog"),
                ],
            },
        ],
    },
}
