"""Routes of the edge API served alone."""

from django.urls import include, path

urlpatterns = [path("rest/v1/", include("apps.edge_api.urls"))]
