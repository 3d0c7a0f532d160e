"""PostgREST's routes as far as the edge uses them; see ``apps.edge_api.views``."""

from django.urls import path, re_path

from apps.edge_api import views

urlpatterns = [
    path("rpc/resolve_api_key", views.resolve_api_key),
    path("usage_logs", views.usage_logs),
    re_path(r"^(?P<rest>.*)$", views.unknown),
]
