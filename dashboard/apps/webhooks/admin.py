"""Staff page: deliveries to customers' servers."""

from django.contrib import admin

from apps.ui.model_admin import ReadOnlyAdmin
from apps.webhooks.models import WebhookDelivery


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Newest first."""

    list_display = ("created_at", "event", "endpoint", "state", "status", "error", "attempts")
    list_display_links = ("event",)
    list_filter = ("state", "event")
    list_select_related = ("endpoint",)
    search_fields = ("=id", "endpoint__url", "endpoint__organization__name")
