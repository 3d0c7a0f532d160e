"""The staff site's looks and navigation (django-unfold)."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

__all__ = ["UNFOLD"]


# The mark's colour, from light to dark.
_INDIGO = {
    "50": "oklch(96.2% .018 272.314)",
    "100": "oklch(93% .034 272.788)",
    "200": "oklch(87% .065 274.039)",
    "300": "oklch(78.5% .115 274.713)",
    "400": "oklch(67.3% .182 276.935)",
    "500": "oklch(58.5% .233 277.117)",
    "600": "oklch(51.1% .262 276.966)",
    "700": "oklch(45.7% .24 277.023)",
    "800": "oklch(39.8% .195 277.366)",
    "900": "oklch(35.9% .144 278.697)",
    "950": "oklch(25.7% .09 281.288)",
}


def _link(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "WatchLLM staff",
    "SITE_HEADER": "WatchLLM",
    "SITE_SUBHEADER": "Staff",
    "SITE_SYMBOL": "bolt",
    "SITE_URL": "/app/",
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda _request: static("img/mark.svg")}
    ],
    "COLORS": {"primary": _INDIGO},
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
                    _link("Health", "monitor_heart", "staff_healthreport"),
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
                    _link("Semantic verdicts", "fact_check", "cache_semanticverdict"),
                ],
            },
            {
                "title": "Billing",
                "separator": True,
                "items": [
                    _link("Customers", "credit_card", "billing_billingcustomer"),
                    _link("Subscriptions", "autorenew", "billing_subscription"),
                    _link("Invoices", "receipt_long", "billing_invoice"),
                    _link("Stripe events", "bolt", "billing_stripeevent"),
                ],
            },
            {
                "title": "Messages",
                "separator": True,
                "items": [
                    _link("E-mails", "mail", "emails_email"),
                    _link("Suppressed addresses", "block", "emails_suppression"),
                    _link("Webhook deliveries", "webhook", "webhooks_webhookdelivery"),
                    _link("Alerts", "notifications", "alerts_alert"),
                    _link("Quota checks", "rule", "alerts_quotacheck"),
                ],
            },
            {
                "title": "Administration",
                "separator": True,
                "items": [
                    _link("People", "group", "accounts_user"),
                    _link("Groups", "badge", "auth_group"),
                    _link("Feature switches", "toggle_on", "features_featureoverride"),
                    _link("Audit log", "history", "audit_auditlog"),
                    _link("Impersonations", "visibility", "impersonation_impersonation"),
                    _link("Scheduled work", "schedule", "jobs_jobrun"),
                ],
            },
        ],
    },
}
