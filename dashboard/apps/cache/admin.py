"""Staff page: people's verdicts on semantic hits, over all organizations."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.text import Truncator
from unfold.contrib.filters.admin import AutocompleteSelectFilter, FieldTextFilter
from unfold.decorators import display

from apps.cache.models import SemanticVerdict
from apps.ui.model_admin import ReadOnlyAdmin
from shared.decision.evidence import EDGES


class VerdictFilter(admin.SimpleListFilter):
    """By verdict; wrong hits come first."""

    title = "verdict"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("wrong", "Wrong hit"), ("right", "Right")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        if self.value() not in ("wrong", "right"):
            return queryset
        return queryset.filter(wrong=self.value() == "wrong")


class SourceFilter(admin.SimpleListFilter):
    """The dashboard's pages or ``POST /v1/cache/feedback``."""

    title = "source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("dashboard", "Dashboard"), ("api", "API")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        if self.value() not in ("dashboard", "api"):
            return queryset
        return queryset.filter(api_key_id__isnull=self.value() == "dashboard")


@admin.register(SemanticVerdict)
class SemanticVerdictAdmin(ReadOnlyAdmin):
    """The newest first, read-only. Questions and answers belong to the customer and are not shown;
    the request's row in the log has the edge's decision and its reason.
    """

    list_display = (
        "given",
        "verdict",
        "tenant",
        "model_name",
        "namespace",
        "probability",
        "given_by",
        "log_row",
    )
    list_display_links = ("given",)
    list_select_related = ("project__organization",)
    list_filter = (
        VerdictFilter,
        SourceFilter,
        ("given_at", admin.DateFieldListFilter),
        ("model", FieldTextFilter),
        ("project", AutocompleteSelectFilter),
    )
    search_fields = ("request_id", "cache_key")
    search_help_text = "Request id or cache key"
    ordering = ("-id",)
    sortable_by = ()
    exclude = ("wrong", "bin", "request_id")
    readonly_fields = ("verdict", "probability", "log_row")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SemanticVerdict], search_term: str
    ) -> tuple[QuerySet[SemanticVerdict], bool]:
        """Exact, and in the id's own case: Django's ``=`` prefix would compare upper-cased."""
        del request
        term = search_term.strip()
        if not term:
            return queryset, False
        return queryset.filter(request_id=term) | queryset.filter(cache_key=term), False

    @display(description="Given (UTC)")
    def given(self, verdict: SemanticVerdict) -> str:
        return format_html(
            '<span class="whitespace-nowrap tabular-nums">{}</span>',
            f"{verdict.given_at:%Y-%m-%d %H:%M:%S}",
        )

    @display(description="Verdict", label={"wrong hit": "danger", "right": "success"})
    def verdict(self, verdict: SemanticVerdict) -> str:
        return "wrong hit" if verdict.wrong else "right"

    @display(description="Organization and project")
    def tenant(self, verdict: SemanticVerdict) -> str:
        return f"{verdict.project.organization.name} / {verdict.project.name}"

    @display(description="Model")
    def model_name(self, verdict: SemanticVerdict) -> str:
        return format_html(
            '<span class="whitespace-nowrap" title="{}">{}</span>',
            verdict.model,
            Truncator(verdict.model or "—").chars(32),
        )

    @display(description="P(same answer)")
    def probability(self, verdict: SemanticVerdict) -> str:
        """The bin of the edge's prediction: its lower edge and the next one's."""
        upper = EDGES[verdict.bin + 1] if verdict.bin + 1 < len(EDGES) else 1
        return f"{EDGES[verdict.bin]:g} – {upper:g}"

    @display(description="By")
    def given_by(self, verdict: SemanticVerdict) -> str:
        """The API key that gave it, or the person who gave it in the dashboard."""
        return verdict.actor_label

    @display(description="Request")
    def log_row(self, verdict: SemanticVerdict) -> str:
        address = reverse("admin:usage_usagelog_changelist")
        return format_html(
            '<a class="text-primary-600 dark:text-primary-500" href="{}?{}" title="{}">{}</a>',
            address,
            urlencode({"q": verdict.request_id}),
            verdict.request_id,
            Truncator(verdict.request_id).chars(13),
        )
