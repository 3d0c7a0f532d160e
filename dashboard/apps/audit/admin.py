"""Staff page: the audit log, read-only."""

from django.contrib import admin
from unfold.contrib.filters.admin import RangeDateTimeFilter

from apps.audit.models import AuditLog
from apps.ui.model_admin import ReadOnlyAdmin


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyAdmin):
    """Who changed what, newest first."""

    list_display = ("ts", "action", "target_label", "actor_label")
    list_display_links = ("action",)
    list_filter = ("target_type", ("ts", RangeDateTimeFilter))
    search_fields = ("actor_label", "target_label", "target_id", "action")
    ordering = ("-id",)
    sortable_by = ()
