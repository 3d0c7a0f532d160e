"""Staff pages: alerts that were sent, and checks of the edge's counters."""

from django.contrib import admin

from apps.alerts.models import Alert, QuotaCheck, SemanticBound
from apps.ui.model_admin import ReadOnlyAdmin


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin):
    """Newest first."""

    list_display = ("created_at", "organization", "key")
    list_select_related = ("organization",)
    search_fields = ("organization__name", "key")


@admin.register(QuotaCheck)
class QuotaCheckAdmin(ReadOnlyAdmin):
    """The last check of every organization."""

    list_display = ("organization", "month", "counted", "logged", "repaired", "checked_at")
    list_select_related = ("organization",)


@admin.register(SemanticBound)
class SemanticBoundAdmin(ReadOnlyAdmin):
    """Projects whose semantic hits were over their target error, now or before."""

    list_display = ("project", "mode", "exceeded", "crossings", "changed_at")
    list_select_related = ("project",)
    list_filter = ("exceeded",)
