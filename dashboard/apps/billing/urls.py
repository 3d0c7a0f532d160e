"""Routes outside of the signed-in pages; those stand in ``config.app_urls``."""

from django.urls import path

from apps.billing.views.webhook import stripe_webhook

urlpatterns = [path("webhooks/stripe", stripe_webhook, name="stripe_webhook")]
