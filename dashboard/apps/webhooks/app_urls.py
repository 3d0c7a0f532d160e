"""The webhook pages of an organization."""

from django.urls import path

from apps.webhooks import views

urlpatterns = [
    path("webhooks/", views.webhooks, name="webhooks"),
    path("webhooks/<uuid:pk>/test/", views.test, name="webhook_test"),
    path("webhooks/<uuid:pk>/secret/", views.rotate, name="webhook_rotate"),
    path("webhooks/<uuid:pk>/disable/", views.disable, name="webhook_disable"),
]
