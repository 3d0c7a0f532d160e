"""Staff page: the last run of each scheduled job."""

from django.contrib import admin

from apps.jobs.models import JobRun
from apps.ui.model_admin import ReadOnlyAdmin


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    """The last run of every job."""

    list_display = ("name", "last_succeeded_at", "last_result", "last_error", "lease_until")
