"""What staff set for everybody: switches that differ from the catalogue, and prices."""

from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from apps.accounts.models import Organization
from apps.features.catalogue import BY_NAME

_TWICE = "There is such a switch already: change that one."


class FeatureOverride(models.Model):
    """An organization's row takes precedence over the global row, and that over the default."""

    feature = models.CharField(max_length=40)
    organization = models.ForeignKey(
        Organization,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="feature_overrides",
        help_text="Empty: for everybody who has no switch of their own.",
    )
    enabled = models.BooleanField("on", default=False)
    note = models.CharField(max_length=200, blank=True, help_text="Why, for other staff.")
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    class Meta:
        db_table = "feature_overrides"
        verbose_name = "feature switch"
        verbose_name_plural = "feature switches"
        ordering = ["feature", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["feature", "organization"],
                name="feature_overrides_of_one",
                violation_error_message=_TWICE,
            ),
            models.UniqueConstraint(
                fields=["feature"],
                condition=Q(organization=None),
                name="feature_overrides_of_all",
                violation_error_message=_TWICE,
            ),
        ]

    def __str__(self) -> str:
        whose = self.organization.name if self.organization else "everybody"
        return f"{BY_NAME[self.feature].title} for {whose}"


def _rate(**more: Any) -> "models.DecimalField[Any, Any]":
    return models.DecimalField(
        max_digits=12, decimal_places=6, validators=[MinValueValidator(0)], **more
    )


class PriceOverride(models.Model):
    """What a model costs, in US dollars per million tokens, in place of the shipped table's price.

    It holds for prompts of every length, every service tier and every hour. An empty rate is that
    of ``input``; ``cache_write_hour``: kept for the longer of two lifetimes.
    """

    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=128, help_text="As the provider names it.")
    input = _rate()
    output = _rate()
    cached_input = _rate(null=True, blank=True)
    cache_write = _rate(null=True, blank=True)
    cache_write_hour = _rate(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True, help_text="Why, for other staff.")

    class Meta:
        db_table = "price_overrides"
        verbose_name = "price"
        ordering = ["provider", "model"]
        constraints = [
            models.UniqueConstraint(
                fields=["provider", "model"],
                name="price_overrides_of_model",
                violation_error_message="This model has a price already: change that one.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.model}"
