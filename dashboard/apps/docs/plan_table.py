"""The plans as a Markdown table, made from the rows that staff edit."""

from collections.abc import Iterable

from apps.accounts.models import Plan

_HEAD = (
    "| Plan | Requests a month | Requests a minute | Streams at once | Projects "
    "| Past the monthly quota | Price |\n"
    "|---|---|---|---|---|---|---|\n"
)


def plan_table(plans: Iterable[Plan]) -> str:
    """One row a plan, in the order given."""
    return _HEAD + "\n".join(_row(plan) for plan in plans)


def _row(plan: Plan) -> str:
    cells = (
        plan.name,
        _number(plan.monthly_requests),
        _number(plan.requests_per_minute),
        _number(plan.concurrent_streams),
        _number(plan.max_projects),
        plan.get_overage_display(),
        _price(plan.price_cents),
    )
    # A name is free text of the staff's: it must not open another column.
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _number(limit: int | None) -> str:
    return "unlimited" if limit is None else f"{limit:,}"


def _price(cents: int) -> str:
    if cents == 0:
        return "free"
    dollars = f"{cents / 100:,.2f}".removesuffix(".00")
    return f"${dollars} a month"
