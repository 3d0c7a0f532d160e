"""Staff pages: feature switches, and prices."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from unfold.decorators import display
from unfold.widgets import UnfoldAdminSelectWidget

from apps.accounts.model_admin import ServiceAdmin, actor_of
from apps.features.catalogue import BY_NAME, FEATURES
from apps.features.models import FeatureOverride, PriceOverride
from apps.features.prices import (
    price_override_create,
    price_override_delete,
    price_override_update,
)
from apps.features.selectors import enabled
from apps.features.services import (
    feature_override_create,
    feature_override_delete,
    feature_override_update,
)


class FeatureOverrideForm(forms.ModelForm):  # type: ignore[type-arg]  # no [] at run time
    """Says on the form what the service would refuse."""

    feature = forms.ChoiceField(
        choices=[(feature.name, feature.title) for feature in FEATURES],
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = FeatureOverride
        fields = "__all__"

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        feature = BY_NAME.get(values.get("feature", ""))
        if feature is not None and not feature.per_organization and values.get("organization"):
            raise ValidationError({"organization": "This switch is for everybody or nobody."})
        return values


@admin.register(FeatureOverride)
class FeatureOverrideAdmin(ServiceAdmin):
    """Lists the switches that differ from their default, below a list of all switches."""

    form = FeatureOverrideForm
    list_display = ("title", "whose", "state", "note", "changed_by", "changed_at")
    list_filter = ("feature",)
    list_select_related = ("organization", "changed_by")
    search_fields = ("organization__name", "note")
    autocomplete_fields = ("organization",)
    fields = ("feature", "organization", "enabled", "note")
    list_before_template = "features/catalogue.html"
    update_service = feature_override_update
    update_argument = "override"

    def create(self, request: HttpRequest, values: dict[str, Any]) -> FeatureOverride:
        return feature_override_create(actor=actor_of(request), **values)

    def get_readonly_fields(
        self, request: HttpRequest, obj: FeatureOverride | None = None
    ) -> tuple[str, ...]:
        """The switch and its organization cannot be changed."""
        del request
        return ("feature", "organization") if obj else ()

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the catalogue, and what is in force for everybody."""
        switches = [(feature, enabled(feature.name)) for feature in FEATURES]
        response: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "switches": switches}
        )
        return response

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Deleting goes back to the default; whoever may change may do that."""
        return bool(self.has_change_permission(request, obj))

    def delete_model(self, request: HttpRequest, obj: FeatureOverride) -> None:
        """See the service."""
        feature_override_delete(override=obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[FeatureOverride]) -> None:
        """Each by the service, so that each is recorded."""
        for override in queryset.select_related("organization"):
            feature_override_delete(override=override, actor=actor_of(request))

    @display(description="Switch", ordering="feature")
    def title(self, override: FeatureOverride) -> str:
        return BY_NAME[override.feature].title

    @display(description="For", ordering="organization__name")
    def whose(self, override: FeatureOverride) -> str:
        return override.organization.name if override.organization else "everybody"

    @display(description="State", label={"on": "success", "off": "danger"}, ordering="enabled")
    def state(self, override: FeatureOverride) -> str:
        return "on" if override.enabled else "off"


@admin.register(PriceOverride)
class PriceOverrideAdmin(ServiceAdmin):
    """Prices in place of the shipped table's; the edge has a change within a minute."""

    list_display = ("provider", "model", "input", "output", "cached_input", "cache_write", "note")
    list_filter = ("provider",)
    search_fields = ("model", "note")
    update_service = price_override_update
    update_argument = "override"

    def create(self, request: HttpRequest, values: dict[str, Any]) -> PriceOverride:
        return price_override_create(actor=actor_of(request), **values)

    def get_readonly_fields(
        self, request: HttpRequest, obj: PriceOverride | None = None
    ) -> tuple[str, ...]:
        """Another model's price is another row."""
        del request
        return ("provider", "model") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Deleting goes back to the shipped price; whoever may change may do that."""
        return bool(self.has_change_permission(request, obj))

    def delete_model(self, request: HttpRequest, obj: PriceOverride) -> None:
        """See the service."""
        price_override_delete(override=obj, actor=actor_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[PriceOverride]) -> None:
        """Each by the service, so that each is recorded."""
        for override in queryset:
            price_override_delete(override=override, actor=actor_of(request))
