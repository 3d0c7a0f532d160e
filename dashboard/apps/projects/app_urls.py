"""The keys, providers, cache and settings pages of a project."""

from django.urls import path

from apps.projects.views import keys

urlpatterns = [
    path("keys/", keys.keys, name="project_keys"),
    path("keys/new/", keys.key_new, name="key_new"),
    path("keys/<uuid:key_id>/", keys.key_edit, name="key_edit"),
    path("keys/<uuid:key_id>/rotate/", keys.key_rotate, name="key_rotate"),
    path("keys/<uuid:key_id>/revoke/", keys.key_revoke, name="key_revoke"),
]
