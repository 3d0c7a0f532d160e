"""Staff pages: the request log and the hourly sums, read-only."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import Truncator
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
)
from unfold.decorators import display

from apps.ui.model_admin import ReadOnlyAdmin
from apps.ui.templatetags.ui import usd
from apps.usage.models import UsageHourly, UsageLog

_CACHE_LABELS = {
    "HIT": "success",
    "HIT-SEMANTIC": "success",
    "HIT-COALESCED": "success",
    "MISS": "info",
    "BYPASS": "warning",
    "REFUSED": "danger",
}


class ErrorFilter(admin.SimpleListFilter):
    """Failed requests, by where the error came from."""

    title = "outcome"
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        del request, model_admin
        return [("ok", "Answered"), ("client", "4xx"), ("server", "5xx")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        del request
        bounds = {"ok": (0, 400), "client": (400, 500), "server": (500, 600)}
        if self.value() not in bounds:
            return queryset
        low, high = bounds[str(self.value())]
        return queryset.filter(status__gte=low, status__lt=high)


def _nowrap(text: str) -> str:
    return format_html('<span class="whitespace-nowrap tabular-nums">{}</span>', text)


@admin.register(UsageLog)
class UsageLogAdmin(ReadOnlyAdmin):
    """The newest first. The search finds a request by its id, exactly: that is one index look-up
    in any number of rows. Prompts and answers are the customer's and not shown.
    """

    list_display = (
        "when",
        "request_id",
        "project",
        "model_name",
        "cache",
        "status",
        "latency_ms",
        "cost",
        "saved",
    )
    list_display_links = ("request_id",)
    list_select_related = ("project",)
    list_filter = (
        ("project", AutocompleteSelectFilter),
        ("cache_status", ChoicesDropdownFilter),
        ErrorFilter,
        ("ts", RangeDateTimeFilter),
    )
    search_fields = ("request_id",)
    search_help_text = "Request id"
    exclude = ("prompt", "response", "cost_nanousd", "saved_nanousd")
    readonly_fields = ("cost", "saved")
    sortable_by = ()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """An order that an index supports: by time for one project, by id for all."""
        by_project = any(name.startswith("project") for name in request.GET)
        return ("-ts", "-id") if by_project else ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UsageLog], search_term: str
    ) -> tuple[QuerySet[UsageLog], bool]:
        """Exact and case-sensitive: Django's ``=`` prefix would compare in upper case."""
        del request
        term = search_term.strip()
        return (queryset.filter(request_id=term) if term else queryset), False

    @display(description="Model")
    def model_name(self, log: UsageLog) -> str:
        return _nowrap(Truncator(log.model or "—").chars(40))

    @display(description="Time (UTC)")
    def when(self, log: UsageLog) -> str:
        return _nowrap(f"{log.ts:%Y-%m-%d %H:%M:%S}")

    @display(description="Cache", label=_CACHE_LABELS)
    def cache(self, log: UsageLog) -> str:
        return log.cache_status

    @display(description="Cost")
    def cost(self, log: UsageLog) -> str:
        return usd(log.cost_nanousd)

    @display(description="Saved")
    def saved(self, log: UsageLog) -> str:
        return usd(log.saved_nanousd)


@admin.register(UsageHourly)
class UsageHourlyAdmin(ReadOnlyAdmin):
    """What the customers' charts are drawn from."""

    list_display = (
        "start",
        "organization",
        "project",
        "model",
        "cache",
        "requests",
        "errors",
        "prompt_tokens",
        "completion_tokens",
        "cost",
        "saved",
    )
    list_select_related = ("organization", "project")
    list_filter = (
        ("organization", AutocompleteSelectFilter),
        ("project", AutocompleteSelectFilter),
        ("cache_status", ChoicesDropdownFilter),
        ("hour", RangeDateTimeFilter),
    )
    ordering = ("-hour", "-id")
    sortable_by = ()
    exclude = ("cost_nanousd", "saved_nanousd")
    readonly_fields = ("cost", "saved")

    @display(description="Hour (UTC)")
    def start(self, hour: UsageHourly) -> str:
        return _nowrap(f"{hour.hour:%Y-%m-%d %H}:00")

    @display(description="Cache", label=_CACHE_LABELS)
    def cache(self, hour: UsageHourly) -> str:
        return hour.cache_status

    @display(description="Cost")
    def cost(self, hour: UsageHourly) -> str:
        return usd(hour.cost_nanousd)

    @display(description="Saved")
    def saved(self, hour: UsageHourly) -> str:
        return usd(hour.saved_nanousd)
