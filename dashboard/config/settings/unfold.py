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


# Title, icon, and the model whose list it is.
_PAGES = {
    "Customers": (
        ("Organizations", "apartment", "accounts_organization"),
        ("Projects", "deployed_code", "projects_project"),
        ("API keys", "key", "projects_apikey"),
        ("Provider keys", "lock", "projects_providercredential"),
        ("Plans", "sell", "accounts_plan"),
    ),
    "Traffic": (
        ("Requests", "list_alt", "usage_usagelog"),
        ("Hourly usage", "bar_chart", "usage_usagehourly"),
        ("Semantic verdicts", "fact_check", "cache_semanticverdict"),
    ),
    "Billing": (
        ("Customers", "credit_card", "billing_billingcustomer"),
        ("Subscriptions", "autorenew", "billing_subscription"),
        ("Invoices", "receipt_long", "billing_invoice"),
        ("Stripe events", "bolt", "billing_stripeevent"),
    ),
    "Messages": (
        ("E-mails", "mail", "emails_email"),
        ("Suppressed addresses", "block", "emails_suppression"),
        ("Webhook deliveries", "webhook", "webhooks_webhookdelivery"),
        ("Alerts", "notifications", "alerts_alert"),
        ("Quota checks", "rule", "alerts_quotacheck"),
    ),
    "Administration": (
        ("People", "group", "accounts_user"),
        ("Groups", "badge", "auth_group"),
        ("Feature switches", "toggle_on", "features_featureoverride"),
        ("Prices", "sell", "features_priceoverride"),
        ("Audit log", "history", "audit_auditlog"),
        ("Impersonations", "visibility", "impersonation_impersonation"),
        ("Scheduled work", "schedule", "jobs_jobrun"),
    ),
}


def _link(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


def _group(title: str, pages: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    return {"title": title, "separator": True, "items": [_link(*page) for page in pages]}


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
    "STYLES": [lambda _request: static("staff/staff.css")],
    "SCRIPTS": [lambda _request: static("staff/staff.js")],
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
            *(_group(title, pages) for title, pages in _PAGES.items()),
        ],
    },
}
