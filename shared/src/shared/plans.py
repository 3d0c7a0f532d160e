"""The plans as shipped. The dashboard seeds its table from here once; afterwards the rows rule."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShippedPlan:
    """``None`` means unlimited. ``price_cents`` is US cents per month."""

    slug: str
    name: str
    monthly_requests: int | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent_streams: int | None
    max_projects: int | None
    price_cents: int
    overage: str = "stop"


SHIPPED: tuple[ShippedPlan, ...] = (
    ShippedPlan("free", "Free", 50_000, 10, None, 10, 3, 0),
    ShippedPlan("starter", "Starter", 250_000, 50, None, 50, 10, 2_900),
    ShippedPlan("pro", "Pro", 1_000_000, 200, None, 200, None, 4_900),
)
