"""Staff pages: projects, API keys, provider keys."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.admin import TabularInline
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminPasswordWidget

from apps.accounts import admin as accounts
from apps.accounts.model_admin import ServiceAdmin, actor_of
from apps.accounts.models import Organization
from apps.projects.fields import UsdField
from apps.projects.models import ApiKey, Project, ProviderCredential
from apps.projects.services.api_keys import api_key_create, api_key_revoke, api_key_update
from apps.projects.services.projects import (
    ProjectLimitReachedError,
    project_create,
    project_update,
)
from apps.projects.services.provider_credentials import (
    provider_credential_create,
    provider_credential_disable,
    provider_credential_update,
)


class UsdFields(ServiceAdmin):
    """Money is typed in dollars and kept in nano-USD."""

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **kwargs: Any
    ) -> forms.Field | None:
        if db_field.name != "monthly_budget_nanousd":
            field: forms.Field | None = super().formfield_for_dbfield(db_field, request, **kwargs)
            return field
        return UsdField(
            label="Monthly budget in US dollars",
            required=False,
            widget=UnfoldAdminDecimalFieldWidget(attrs={"step": "0.01"}),
        )


class ProjectForm(forms.ModelForm):  # type: ignore[type-arg]  # no [] at run time
    """Says on the form, not by a crash, that the plan has no room for another project."""

    class Meta:
        model = Project
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        organization = values.get("organization")
        if self.instance._state.adding and organization is not None:
            limit = organization.limits.max_projects
            live = organization.projects.filter(archived_at=None).count()
            if limit is not None and live >= limit:
                self.add_error("organization", str(ProjectLimitReachedError(limit)))
        return values


@admin.register(Project)
class ProjectAdmin(UsdFields):
    """Cache settings and routing of a project."""

    form = ProjectForm
    list_display = (
        "name",
        "organization",
        "state",
        "cache_enabled",
        "semantic_mode",
        "live_keys",
        "created_at",
    )
    list_filter = (
        ("organization", AutocompleteSelectFilter),
        "semantic_mode",
        "cache_enabled",
    )
    list_filter_submit = True
    list_select_related = ("organization",)
    search_fields = ("name", "slug", "organization__name", "=id")
    ordering = ("name", "id")  # a model's own is lost where rows are counted (get_queryset)
    autocomplete_fields = ("organization",)
    readonly_fields = ("id", "edge_revision", "created_at")
    fieldsets = (
        (None, {"fields": ("organization", "name", "slug", "archived_at")}),
        (
            "Cache",
            {
                "classes": ("tab",),
                "fields": (
                    "cache_enabled",
                    "semantic_mode",
                    "semantic_opened",
                    "semantic_check_share",
                    "prompt_cache",
                    "ttl_seconds",
                    "embeddings_ttl_seconds",
                    "max_temperature",
                    "max_body_bytes",
                    "namespace",
                    "cache_on_disconnect",
                ),
            },
        ),
        ("Routing", {"classes": ("tab",), "fields": ("default_provider", "routes")}),
        (
            "Limits and logging",
            {"classes": ("tab",), "fields": ("monthly_budget_nanousd", "log_prompts")},
        ),
        (
            "At the edge",
            {"classes": ("tab",), "fields": ("id", "edge_revision", "created_at")},
        ),
    )
    update_service = project_update
    update_argument = "project"

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Project:
        return project_create(actor=actor_of(request), **values)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Project | None = None
    ) -> tuple[str, ...]:
        """A project stays with its organization: its cache and its logs are that tenant's."""
        del request
        return (*self.readonly_fields, "organization") if obj else self.readonly_fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        found: QuerySet[Project] = super().get_queryset(request)
        return found.annotate(live_key_count=Count("api_keys", filter=Q(api_keys__revoked_at=None)))

    @display(description="State", label={"active": "success", "archived": "warning"})
    def state(self, project: Project) -> str:
        return "archived" if project.archived_at else "active"

    @display(description="Live keys", ordering="live_key_count")
    def live_keys(self, project: Any) -> int:
        count: int = project.live_key_count
        return count


@admin.register(ApiKey)
class ApiKeyAdmin(UsdFields):
    """Adding shows the key once; afterwards nobody can see it, staff neither."""

    list_display = ("name", "masked", "project", "state", "last_used_at", "expires_at")
    list_filter = (("project", AutocompleteSelectFilter),)
    list_filter_submit = True
    list_select_related = ("project",)
    search_fields = ("name", "prefix", "last4", "project__name", "=id")
    autocomplete_fields = ("project",)
    readonly_fields = ("masked", "state", "created_by", "created_at", "last_used_at")
    actions = ("revoke",)
    update_service = api_key_update
    update_argument = "api_key"
    _editable = (
        "name",
        "expires_at",
        "requests_per_minute",
        "tokens_per_minute",
        "monthly_budget_nanousd",
    )

    def get_fields(self, request: HttpRequest, obj: ApiKey | None = None) -> tuple[str, ...]:
        del request
        return ("project", *self._editable, *(self.readonly_fields if obj else ()))

    def get_readonly_fields(
        self, request: HttpRequest, obj: ApiKey | None = None
    ) -> tuple[str, ...]:
        """A key stays with its project, and a revoked one as it was."""
        del request
        if obj is None:
            return ()
        fixed = (*self.readonly_fields, "project")
        return (*fixed, *self._editable) if obj.revoked_at else fixed

    def create(self, request: HttpRequest, values: dict[str, Any]) -> ApiKey:
        created = api_key_create(actor=actor_of(request), **values)
        # For response_add of this same request, and nowhere else: not a message, which would lie
        # in a cookie or the session until it is shown.
        request.created_api_key = created  # type: ignore[attr-defined]
        return created.api_key

    def response_add(
        self, request: HttpRequest, obj: ApiKey, post_url_continue: str | None = None
    ) -> HttpResponse:
        """The one page that shows the key; the admin site marks its pages as not to be stored."""
        del post_url_continue
        created = request.created_api_key  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": "API key created",
            "opts": self.model._meta,
            "api_key": obj,
            "plaintext": created.plaintext,
        }
        return TemplateResponse(request, "staff/api_key_created.html", context)

    @action(description="Revoke selected keys", permissions=["change"])
    def revoke(self, request: HttpRequest, chosen: QuerySet[ApiKey]) -> None:
        """For good, at once where Redis can be told, within a minute elsewhere."""
        live = chosen.filter(revoked_at=None).select_related("project__organization")
        for api_key in live:
            api_key_revoke(api_key=api_key, actor=actor_of(request))
        messages.success(request, f"{len(live)} keys revoked.")

    @display(description="Key")
    def masked(self, api_key: ApiKey) -> str:
        return api_key.masked

    @display(
        description="State", label={"active": "success", "expired": "warning", "revoked": "danger"}
    )
    def state(self, api_key: ApiKey) -> str:
        if api_key.revoked_at:
            return "revoked"
        expired = api_key.expires_at is not None and api_key.expires_at <= timezone.now()
        return "expired" if expired else "active"


class ProviderCredentialForm(forms.ModelForm):  # type: ignore[type-arg]  # no [] at run time
    """The provider's key goes in and never comes out."""

    secret = forms.CharField(
        label="Provider key",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        min_length=8,
    )

    class Meta:
        model = ProviderCredential
        fields = ("project", "provider", "label", "priority", "base_url")


@admin.register(ProviderCredential)
class ProviderCredentialAdmin(ServiceAdmin):
    """Customers' own provider keys, masked. A new key is a new entry; the old one is disabled."""

    list_display = ("project", "provider", "label", "masked", "priority", "state", "created_at")
    list_filter = (("project", AutocompleteSelectFilter), "provider")
    list_filter_submit = True
    list_select_related = ("project",)
    search_fields = ("label", "provider", "project__name")
    autocomplete_fields = ("project",)
    actions = ("disable",)
    update_service = provider_credential_update
    update_argument = "credential"

    def get_form(
        self,
        request: HttpRequest,
        obj: ProviderCredential | None = None,
        change: bool = False,  # noqa: FBT001, FBT002 - the base class's signature
        **kwargs: Any,
    ) -> Any:
        if obj is None:
            kwargs["form"] = ProviderCredentialForm
        return super().get_form(request, obj, change, **kwargs)

    def get_fields(
        self, request: HttpRequest, obj: ProviderCredential | None = None
    ) -> tuple[str, ...]:
        del request
        common = ("project", "provider", "label", "priority", "base_url")
        return (*common, "masked", "state", "created_at") if obj else (*common, "secret")

    def get_readonly_fields(
        self, request: HttpRequest, obj: ProviderCredential | None = None
    ) -> tuple[str, ...]:
        """What the envelope is bound to, and for whom it was meant, does not change."""
        del request
        fixed = ("project", "provider", "base_url", "masked", "state", "created_at")
        return fixed if obj else ()

    def create(self, request: HttpRequest, values: dict[str, Any]) -> ProviderCredential:
        return provider_credential_create(actor=actor_of(request), **values)

    @action(description="Disable selected provider keys", permissions=["change"])
    def disable(self, request: HttpRequest, chosen: QuerySet[ProviderCredential]) -> None:
        live = chosen.filter(disabled_at=None).select_related("project__organization")
        for credential in live:
            provider_credential_disable(credential=credential, actor=actor_of(request))
        messages.success(request, f"{len(live)} provider keys disabled.")

    @display(description="Key")
    def masked(self, credential: ProviderCredential) -> str:
        return credential.masked

    @display(description="State", label={"active": "success", "disabled": "danger"})
    def state(self, credential: ProviderCredential) -> str:
        return "disabled" if credential.disabled_at else "active"


class ProjectInline(TabularInline):
    model = Project
    extra = 0
    tab = True
    can_delete = False
    show_change_link = True
    fields = ("name", "slug", "cache_enabled", "semantic_mode", "created_at", "archived_at")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: Any) -> bool:
        del request, obj
        return False


admin.site.unregister(Organization)


@admin.register(Organization)
class OrganizationAdmin(accounts.OrganizationAdmin):
    """With its projects."""

    inlines = (*accounts.OrganizationAdmin.inlines, ProjectInline)
