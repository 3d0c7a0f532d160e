"""From sums to what a chart draws: labels, colours, links."""

from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlencode

from django.utils import timezone

from apps.ui import charts
from apps.ui.templatetags.ui import axis, number, usd
from apps.usage.filters import Filters
from apps.usage.period import Period
from apps.usage.reports import Breakdown, Sums, add
from shared import usage_events

STATUS_SERIES: tuple[tuple[str, str, str], ...] = (
    (usage_events.HIT, "Exact hit", "fill-hit"),
    (usage_events.HIT_SEMANTIC, "Semantic hit", "fill-semantic"),
    (usage_events.HIT_COALESCED, "Coalesced hit", "fill-coalesced"),
    (usage_events.MISS, "Miss", "fill-miss"),
    (usage_events.BYPASS, "Bypass", "fill-bypass"),
    (usage_events.REFUSED, "Refused", "fill-refused"),
)
"""From the bottom of the bar up."""
_OTHERS = "Other"
_NAMED = 7

METRICS: dict[str, tuple[str, Callable[[Sums], int]]] = {
    "requests": ("Requests", lambda sums: sums.requests),
    "cost": ("Cost", lambda sums: sums.cost_nanousd),
    "saved": ("Saved", lambda sums: sums.saved_nanousd),
    "tokens": ("Tokens", lambda sums: sums.tokens),
    "errors": ("Errors", lambda sums: sums.errors),
}


def usage_chart(
    breakdown: Breakdown,
    period: Period,
    *,
    by: str,
    metric: str,
    names: dict[str, str],
    requests_url: str,
    filters: Filters,
) -> charts.Chart:
    """The metric stacked by dimension ``by``; each bar links to its requests."""
    label, value_of = METRICS[metric]
    money = metric in ("cost", "saved")
    return charts.stacked(
        label,
        bucket_labels(period),
        _series(breakdown, by, value_of, names),
        form=usd if money else number,
        axis=axis_usd if money else axis,
        hrefs=[
            requests_url + "?" + urlencode({**span(start, end), **filters.active})
            for start, end in zip(period.edges, period.edges[1:], strict=False)
        ],
    )


def bucket_labels(period: Period) -> list[str]:
    """In the active zone: hours as ``14:00``, days as ``Nov 3``."""
    starts = [timezone.localtime(edge) for edge in period.edges[:-1]]
    if period.key == "24h":
        return [start.strftime("%H:%M") for start in starts]
    form = "%b %-d, %H:%M" if period.labels_hours else "%b %-d"
    return [start.strftime(form) for start in starts]


def span(start: datetime, end: datetime) -> dict[str, str]:
    """The request log's URL parameters for ``[start, end)``, in UTC."""
    return {"since": f"{start:%Y-%m-%dT%H:%MZ}", "until": f"{end:%Y-%m-%dT%H:%MZ}"}


def _series(
    breakdown: Breakdown, by: str, value_of: Callable[[Sums], int], names: dict[str, str]
) -> list[charts.Series]:
    if by == "status":
        wanted = [(label, css, [status]) for status, label, css in STATUS_SERIES]
        wanted = [one for one in wanted if one[2][0] in breakdown.totals]
    else:
        wanted = _largest(breakdown, value_of, names)
    return [
        charts.Series(
            label,
            css,
            [
                value_of(add(cell[value] for value in values if value in cell))
                for cell in breakdown.cells
            ],
        )
        for label, css, values in wanted
    ]


def _largest(
    breakdown: Breakdown, value_of: Callable[[Sums], int], names: dict[str, str]
) -> list[tuple[str, str, list[str]]]:
    """The seven largest values by name, and the rest as one."""
    ordered = sorted(
        breakdown.totals, key=lambda value: (-value_of(breakdown.totals[value]), value)
    )
    named = [
        (names.get(value, value) or "Unknown", f"fill-{position}", [value])
        for position, value in enumerate(ordered[:_NAMED], start=1)
    ]
    rest = ordered[_NAMED:]
    return [*named, (_OTHERS, "fill-8", rest)] if rest else named


def axis_usd(nanousd: int) -> str:
    """An amount as the axis of a chart has it."""
    dollars = nanousd / 1e9
    if dollars >= 1000:
        return f"${axis(round(dollars))}"
    if dollars >= 10 or dollars == 0:
        return f"${dollars:.0f}"
    return f"${dollars:.2f}" if dollars >= 0.1 else f"${dollars:.2g}"
