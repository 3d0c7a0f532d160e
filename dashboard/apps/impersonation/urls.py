"""The route that ends a visit."""

from django.urls import path

from apps.impersonation import views

urlpatterns = [
    path("impersonation/stop/", views.stop, name="impersonation_stop"),
]
