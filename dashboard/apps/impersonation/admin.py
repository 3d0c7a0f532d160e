"""Staff pages: visits to customers' dashboards, and the way there from a person's page."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from unfold.decorators import action

from apps.accounts import admin as accounts
from apps.accounts.models import User
from apps.impersonation import views
from apps.impersonation.models import Impersonation
from apps.impersonation.rules import SEE
from apps.ui.model_admin import ReadOnlyAdmin


@admin.register(Impersonation)
class ImpersonationAdmin(ReadOnlyAdmin):
    """Newest first; what was changed is in the audit log."""

    list_display = ("started_at", "staff", "user", "may_write", "reason", "ended_at")
    list_filter = ("may_write",)
    list_select_related = ("staff", "user")
    search_fields = ("staff__email", "user__email", "reason")
    ordering = ("-started_at",)


admin.site.unregister(User)


@admin.register(User)
class UserAdmin(accounts.UserAdmin):
    """With a look at the dashboard as this person."""

    actions_detail = ("impersonate",)

    @action(
        description="See the dashboard as this person",
        url_path="impersonate",
        icon="visibility",
        permissions=["impersonate"],
    )
    def impersonate(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """With a reason, for an hour; see ``apps.impersonation``."""
        user = get_object_or_404(User, pk=object_id)
        return views.start(request, user, self.admin_site)

    def has_impersonate_permission(self, request: HttpRequest, _object_id: object = None) -> bool:
        """A separate permission: viewing people on the staff site does not include viewing their
        pages."""
        return request.user.has_perm(SEE)
