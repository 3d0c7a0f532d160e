"""The signed-in pages, under ``/app/``.

- ``/app/`` goes to the project opened last.
- ``/app/<organization>/<project>/…`` are a project's pages: ``apps.projects.access.project_view``.
- ``/app/<organization>/-/…`` are an organization's pages: ``organization_view``. They stand before
  the project's, so that a project may have any slug.

A page takes a view here, an entry in ``apps.shell.navigation`` and a template that extends
``app/base.html`` (``templates/components/README.md`` lists the components). The tests visit every
route of this file as a stranger, as a viewer and as another organization's owner; a view that is
not bound by one of the two decorators fails them.
"""

from django.urls import include, path

from apps.accounts import views as accounts
from apps.accounts.app_urls import urlpatterns as team_pages
from apps.accounts.team_views import invitation
from apps.billing.app_urls import urlpatterns as billing_pages
from apps.billing.views.pages import choose_plan
from apps.cache.app_urls import urlpatterns as cache_pages
from apps.projects.app_urls import urlpatterns as project_settings_pages
from apps.projects.views.audit_log import audit_log
from apps.projects.views.home import home
from apps.projects.views.project_new import project_new
from apps.shell import views as shell
from apps.usage.views.labels import label_delete, label_export, label_value, project_labels
from apps.usage.views.onboarding import (
    onboarding,
    onboarding_key,
    onboarding_provider,
    onboarding_status,
)
from apps.usage.views.organization import organization_overview
from apps.usage.views.overview import overview
from apps.usage.views.read_keys import read_key_end, read_keys
from apps.usage.views.requests import request_detail, requests, requests_export
from apps.usage.views.saved_views import request_view_delete, request_view_save
from apps.usage.views.usage import usage, usage_export
from apps.webhooks.app_urls import urlpatterns as webhook_pages

organization_pages = [
    path("overview/", organization_overview, name="organization_overview"),
    path("projects/new/", project_new, name="project_new"),
    *billing_pages,
    *webhook_pages,
    *team_pages,
    path("audit/", audit_log, name="audit_log"),
    path("palette/", shell.palette_organization, name="palette_organization"),
]

project_pages = [
    path("", overview, name="project_overview"),
    path("usage/", usage, name="project_usage"),
    path("usage/export.csv", usage_export, name="usage_export"),
    path("requests/", requests, name="project_requests"),
    path("requests/views/", request_view_save, name="request_view_save"),
    path("requests/views/<uuid:view_id>/delete/", request_view_delete, name="request_view_delete"),
    path("requests/export/", requests_export, name="requests_export"),
    path("settings/requests.csv", requests_export, name="project_export_requests"),
    path("requests/<int:log_id>/", request_detail, name="request_detail"),
    path("labels/", project_labels, name="project_labels"),
    path("labels/value/", label_value, name="label_value"),
    path("labels/value/requests.csv", label_export, name="label_export"),
    path("labels/value/delete/", label_delete, name="label_delete"),
    path("settings/read-keys/", read_keys, name="read_keys"),
    path("settings/read-keys/<uuid:read_key_id>/revoke/", read_key_end, name="read_key_end"),
    path("palette/", shell.palette_project, name="palette_project"),
    path("start/", onboarding, name="onboarding"),
    path("start/key/", onboarding_key, name="onboarding_key"),
    path("start/provider/", onboarding_provider, name="onboarding_provider"),
    path("start/status/", onboarding_status, name="onboarding_status"),
    *project_settings_pages,
    *cache_pages,
]

urlpatterns = [
    path("", home, name="app_home"),
    path("-/palette/", shell.palette_account, name="palette_account"),
    path("-/palette/docs/", shell.palette_docs, name="palette_docs"),
    path("-/plan/<slug:slug>/", choose_plan, name="choose_plan"),
    path("new/", accounts.organization_new, name="organization_new"),
    path("invitations/<str:token>/", invitation, name="invitation"),
    path("<slug:organization>/-/", include(organization_pages)),
    path("<slug:organization>/<slug:project>/", include(project_pages)),
]
