"""Every route of the dashboard. The signed-in pages, and how to add one: ``config.app_urls``."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from apps.pages import views as pages
from apps.staff import health, metrics
from apps.usage.views import api as usage_api
from config import env

# Staff log in where everybody does: with allauth's rate limits and, where set up, second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

admin.site.index_title = "Home"

urlpatterns = [
    path("", pages.landing, name="landing"),
    path("pricing/", pages.pricing, name="pricing"),
    *(path(f"{name}/", pages.legal, {"name": name}, name=name) for name in env.LEGAL_PAGES),
    path("robots.txt", pages.robots_txt, name="robots_txt"),
    path("healthz", health.healthz),
    path("metrics", metrics.metrics),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("app/", include("config.app_urls")),
    path("api/v1/usage", usage_api.usage),
    path("api/v1/requests", usage_api.requests),
    path("api/v1/budgets", usage_api.budgets),
    path("", include("apps.emails.urls")),
    path("", include("apps.billing.urls")),
    path("", include("apps.jobs.urls")),
    path("", include("apps.impersonation.urls")),
    path("", include("apps.docs.urls")),
]

if settings.EDGE_API_ENABLED:
    urlpatterns.append(path("rest/v1/", include("apps.edge_api.urls")))
