"""The keys, providers and settings pages of a project."""

from django.urls import path

from apps.projects.views import keys, label_limits, providers, settings

urlpatterns = [
    path("settings/", settings.settings_page, name="project_settings"),
    path("settings/export.json", settings.export_json, name="project_export"),
    path("settings/delete/", settings.delete, name="project_delete"),
    path("labels/limits/", label_limits.label_limits, name="label_limits"),
    path("keys/", keys.keys, name="project_keys"),
    path("keys/new/", keys.key_new, name="key_new"),
    path("keys/<uuid:key_id>/", keys.key_edit, name="key_edit"),
    path("keys/<uuid:key_id>/rotate/", keys.key_rotate, name="key_rotate"),
    path("keys/<uuid:key_id>/revoke/", keys.key_revoke, name="key_revoke"),
    path("providers/", providers.providers, name="project_providers"),
    path("providers/new/", providers.provider_new, name="provider_new"),
    path("providers/<uuid:credential_id>/", providers.provider_edit, name="provider_edit"),
    path("providers/<uuid:credential_id>/test/", providers.provider_test, name="provider_test"),
    path(
        "providers/<uuid:credential_id>/remove/",
        providers.provider_remove,
        name="provider_remove",
    ),
]
