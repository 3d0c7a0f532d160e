"""Staff page: who looked at which customer's dashboard, and why."""

from django.contrib import admin

from apps.impersonation.models import Impersonation
from apps.staff.model_admin import ReadOnlyAdmin


@admin.register(Impersonation)
class ImpersonationAdmin(ReadOnlyAdmin):
    """Newest first; what was changed is in the audit log."""

    list_display = ("started_at", "staff", "user", "may_write", "reason", "ended_at")
    list_filter = ("may_write",)
    list_select_related = ("staff", "user")
    search_fields = ("staff__email", "user__email", "reason")
    ordering = ("-started_at",)
