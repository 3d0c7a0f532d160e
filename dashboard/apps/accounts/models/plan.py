"""Plans: the limits and prices that staff edit. Nothing else in the product holds the numbers."""

from dataclasses import dataclass

from django.db import models


class Overage(models.TextChoices):
    """What happens past the monthly quota."""

    STOP = "stop", "Stop"
    CACHE_ONLY = "cache_only", "Cached answers only"


@dataclass(frozen=True, slots=True)
class PlanLimits:
    """Limits in force for an organization: its plan's, as far as not overridden. None: unlimited.

    The edge's view of them is the ``plan`` object of a key record.
    """

    slug: str
    monthly_requests: int | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    concurrent_streams: int | None
    max_projects: int | None
    overage: str


class Plan(models.Model):
    """A limit that is null is unlimited. Plans that are not ``public`` are given by staff only."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=60)
    monthly_requests = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        help_text="Per organization and calendar month (UTC). Empty: unlimited.",
    )
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Per project. Empty: unlimited."
    )
    tokens_per_minute = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Per project. Empty: unlimited."
    )
    concurrent_streams = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="Open at the provider at once, per project. Empty: unlimited.",
    )
    max_projects = models.PositiveIntegerField(
        null=True, blank=True, help_text="Archived projects do not count. Empty: unlimited."
    )
    overage = models.CharField(
        "past the quota", max_length=16, choices=Overage, default=Overage.STOP
    )
    price_cents = models.PositiveIntegerField("price (US cents a month)", default=0)
    stripe_price_id = models.CharField("Stripe price", max_length=64, blank=True)
    public = models.BooleanField(default=True, help_text="Offered on the pricing page.")
    sort = models.PositiveSmallIntegerField(default=0)

    class Meta:
        db_table = "plans"
        ordering = ["sort", "price_cents", "id"]

    def __str__(self) -> str:
        return self.name
