"""Staff pages: plans, organizations, people."""

from __future__ import annotations  # ModelForm[…] exists in the stubs only

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.decorators import display

from apps.accounts.model_admin import ServiceAdmin, actor_of
from apps.accounts.models import Membership, Organization, Plan, Role, User
from apps.accounts.services.memberships import (
    membership_create,
    membership_delete,
    membership_update,
)
from apps.accounts.services.organizations import organization_create, organization_update
from apps.accounts.services.plans import plan_create, plan_update
from apps.audit.services import audit_record


def _limit(number: int | None) -> str:
    return "unlimited" if number is None else f"{number:,}"


@admin.register(Plan)
class PlanAdmin(ServiceAdmin):
    """Limits and prices. Saving puts them in force at the edge within a minute."""

    list_display = (
        "name",
        "price",
        "monthly",
        "per_minute",
        "tokens",
        "projects",
        "overage",
        "public",
        "organizations",
    )
    fieldsets = (
        (None, {"fields": ("name", "slug", "public", "sort")}),
        (
            "Limits",
            {
                "fields": (
                    "monthly_requests",
                    "overage",
                    "requests_per_minute",
                    "tokens_per_minute",
                    "concurrent_streams",
                    "max_projects",
                )
            },
        ),
        (
            "Price",
            {
                "fields": ("price_cents", "stripe_price_id"),
                "description": "After a change run manage.py stripe_sync. Until then the plan is "
                "not sold; running subscriptions keep their price.",
            },
        ),
    )
    search_fields = ("name", "slug")
    ordering = ("sort", "price_cents", "id")
    update_service = plan_update
    update_argument = "plan"

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Plan:
        return plan_create(actor=actor_of(request), **values)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        found: QuerySet[Plan] = super().get_queryset(request)
        return found.annotate(organization_count=Count("organizations"))

    @display(description="Price", ordering="price_cents")
    def price(self, plan: Plan) -> str:
        return f"${plan.price_cents / 100:,.2f}"

    @display(description="Requests a month", ordering="monthly_requests")
    def monthly(self, plan: Plan) -> str:
        return _limit(plan.monthly_requests)

    @display(description="Requests a minute", ordering="requests_per_minute")
    def per_minute(self, plan: Plan) -> str:
        return _limit(plan.requests_per_minute)

    @display(description="Tokens a minute", ordering="tokens_per_minute")
    def tokens(self, plan: Plan) -> str:
        return _limit(plan.tokens_per_minute)

    @display(description="Projects", ordering="max_projects")
    def projects(self, plan: Plan) -> str:
        return _limit(plan.max_projects)

    @display(description="Organizations", ordering="organization_count")
    def organizations(self, plan: Any) -> int:
        count: int = plan.organization_count
        return count


class MembershipFormSet(BaseInlineFormSet):  # type: ignore[type-arg]  # as ModelForm
    """Shows a form error when the last owner would be removed."""

    def clean(self) -> None:
        super().clean()
        if self.instance._state.adding:
            return
        kept = [
            form.cleaned_data
            for form in self.forms
            if form.cleaned_data.get("role") and not form.cleaned_data.get("DELETE")
        ]
        if any("user" in form.changed_data for form in self.initial_forms):
            raise ValidationError(
                "Remove the member and add the other person in a row of their own."
            )
        had_owner = self.instance.memberships.filter(role=Role.OWNER).exists()
        if had_owner and not any(member["role"] == Role.OWNER for member in kept):
            raise ValidationError("An organization needs an owner.")


class MembershipInline(TabularInline):
    model = Membership
    formset = MembershipFormSet
    extra = 0
    tab = True
    autocomplete_fields = ("user",)


@admin.register(Organization)
class OrganizationAdmin(ServiceAdmin):
    """A tenant: plan and overrides, members, projects."""

    list_display = ("name", "plan", "state", "project_count", "member_count", "created_at")
    list_filter = (("plan", RelatedDropdownFilter),)
    list_filter_submit = True
    list_select_related = ("plan",)
    search_fields = ("name", "slug", "memberships__user__email")
    ordering = ("name", "id")  # a model's own is lost where rows are counted (get_queryset)
    fieldsets = (
        (None, {"fields": ("name", "slug", "plan", "disabled_at")}),
        (
            "Instead of the plan's limits (empty: as the plan says)",
            {
                "fields": (
                    "override_monthly_requests",
                    "override_overage",
                    "override_requests_per_minute",
                    "override_tokens_per_minute",
                    "override_concurrent_streams",
                    "override_max_projects",
                ),
            },
        ),
    )
    inlines: tuple[type[TabularInline], ...] = (MembershipInline,)
    update_service = organization_update
    update_argument = "organization"

    def create(self, request: HttpRequest, values: dict[str, Any]) -> Organization:
        kept = {name: values.pop(name) for name in ("name", "slug", "plan")}
        organization = organization_create(owner=None, actor=actor_of(request), **kept)
        return organization_update(organization=organization, actor=actor_of(request), **values)

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm[Any],
        formset: Any,
        change: bool,  # noqa: FBT001 - the base class's signature
    ) -> None:
        """Members are the only editable inline."""
        del form, change
        formset.save(commit=False)
        actor = actor_of(request)
        # New owners are added before old ones are removed: the services refuse to leave an
        # organization without one.
        for added in formset.new_objects:
            membership_create(
                organization=added.organization, user=added.user, role=added.role, actor=actor
            )
        changed = [member for member, _ in formset.changed_objects]
        for member in sorted(changed, key=lambda member: member.role != Role.OWNER):
            stored = Membership.objects.get(pk=member.pk)
            membership_update(membership=stored, role=member.role, actor=actor)
        for removed in formset.deleted_objects:
            membership_delete(membership=removed, actor=actor)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Organization]:
        found: QuerySet[Organization] = super().get_queryset(request)
        return found.annotate(
            live_projects=Count("projects", filter=Q(projects__archived_at=None), distinct=True),
            members_total=Count("memberships", distinct=True),
        )

    @display(description="State", label={"active": "success", "disabled": "danger"})
    def state(self, organization: Organization) -> str:
        return "disabled" if organization.disabled_at else "active"

    @display(description="Projects", ordering="live_projects")
    def project_count(self, organization: Any) -> int:
        count: int = organization.live_projects
        return count

    @display(description="Members", ordering="members_total")
    def member_count(self, organization: Any) -> int:
        count: int = organization.members_total
        return count


def _shown(value: Any) -> Any:
    """A form's value for the audit log: groups by their names."""
    if isinstance(value, list | QuerySet):
        return ", ".join(sorted(str(each) for each in value))
    return value if isinstance(value, bool) else str(value)


@admin.register(User)
class UserAdmin(ModelAdmin):
    """People. Someone who leaves is made inactive, so that the audit log keeps its names."""

    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_staff", "is_active")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = ("email", "name", "is_active", "is_staff", "is_superuser", "groups", "last_login")
    readonly_fields = ("last_login",)
    filter_horizontal = ("groups",)

    def save_model(
        self,
        request: HttpRequest,
        obj: User,
        form: ModelForm[Any],
        change: bool,  # noqa: FBT001 - the base class's signature
    ) -> None:
        """Writes an audit entry: staff rights open every page of this site."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if form.changed_data:
                audit_record(
                    action="user.update",
                    actor=actor_of(request),
                    target=obj,
                    data={
                        name: {
                            "from": _shown(form.initial.get(name)),
                            "to": _shown(form.cleaned_data[name]),
                        }
                        for name in form.changed_data
                    },
                )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only superusers make others staff or change staff members."""
        if request.user.is_superuser:
            return self.readonly_fields
        rights = ("is_staff", "is_superuser", "groups")
        if obj is not None and (obj.is_staff or obj.is_superuser):
            return self.fields
        return (*self.readonly_fields, *rights)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """People sign up; staff are made by ``createsuperuser`` or from a person."""
        del request
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """See the class."""
        del request, obj
        return False


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Permissions of staff: support may look, others may also change."""
