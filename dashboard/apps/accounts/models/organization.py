"""Organizations, and who belongs to them."""

import uuid

from django.db import models

from apps.accounts.models.plan import Overage, Plan, PlanLimits
from apps.accounts.models.user import User


class Role(models.TextChoices):
    """From most to least: each role may do all that the following ones may."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    MEMBER = "member", "Member"
    VIEWER = "viewer", "Viewer"


class Organization(models.Model):
    """The tenant: it has a plan, members and projects.

    An override replaces one limit of the plan for this organization alone. A limit cannot be
    overridden to "unlimited": that takes a plan that says so, which need not be public.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True, max_length=60)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="organizations")
    override_monthly_requests = models.PositiveBigIntegerField(null=True, blank=True)
    override_requests_per_minute = models.PositiveIntegerField(null=True, blank=True)
    override_tokens_per_minute = models.PositiveBigIntegerField(null=True, blank=True)
    override_concurrent_streams = models.PositiveIntegerField(null=True, blank=True)
    override_max_projects = models.PositiveIntegerField(null=True, blank=True)
    override_overage = models.CharField(max_length=16, choices=Overage, null=True, blank=True)
    disabled_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="organizations")

    class Meta:
        db_table = "organizations"
        ordering = ["name", "id"]

    def __str__(self) -> str:
        return self.name

    @property
    def limits(self) -> PlanLimits:
        """The limits in force; ``resolve_api_key`` computes the same in SQL."""
        return PlanLimits(
            slug=self.plan.slug,
            monthly_requests=_first(self.override_monthly_requests, self.plan.monthly_requests),
            requests_per_minute=_first(
                self.override_requests_per_minute, self.plan.requests_per_minute
            ),
            tokens_per_minute=_first(self.override_tokens_per_minute, self.plan.tokens_per_minute),
            concurrent_streams=_first(
                self.override_concurrent_streams, self.plan.concurrent_streams
            ),
            max_projects=_first(self.override_max_projects, self.plan.max_projects),
            overage=self.override_overage or self.plan.overage,
        )


class Membership(models.Model):
    """A person's role in an organization."""

    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "memberships"
        constraints = [
            models.UniqueConstraint(fields=["organization", "user"], name="memberships_unique"),
        ]
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


def _first(override: int | None, plan: int | None) -> int | None:
    return plan if override is None else override
