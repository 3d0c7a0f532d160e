"""Every route of the dashboard."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from apps.accounts import views as accounts
from apps.staff import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="app_home")),
    path("healthz", health.healthz),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("app/", accounts.home, name="app_home"),
]

if settings.EDGE_API_ENABLED:
    urlpatterns.append(path("rest/v1/", include("apps.edge_api.urls")))
