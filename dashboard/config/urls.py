"""Every route of the dashboard."""

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from apps.accounts import views as accounts
from apps.staff import health

# Staff log in where everybody does: with allauth's rate limits and, where set up, second factors.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="app_home")),
    path("healthz", health.healthz),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.urls")),
    path("app/", accounts.home, name="app_home"),
]

if settings.EDGE_API_ENABLED:
    urlpatterns.append(path("rest/v1/", include("apps.edge_api.urls")))
