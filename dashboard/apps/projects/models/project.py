"""Projects: the unit whose requests share a cache, and its settings at the edge."""

import secrets
import uuid

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from apps.accounts.models import Organization
from apps.projects.label_limits import validate_label_limits
from apps.projects.routes import validate_routes
from shared import labels

_DAY = 24 * 60 * 60
LONGEST_TTL = 30 * _DAY
"""Also the longest TTL that a request may ask for (``x-watchllm-cache-ttl``)."""


class SemanticMode(models.TextChoices):
    """Whether paraphrases are answered from the cache, and how strictly they are judged."""

    OFF = "off", "Off"
    STRICT = "strict", "Strict"
    BALANCED = "balanced", "Balanced"


class PromptCache(models.TextChoices):
    """Whether the edge places markers for the providers' prompt caches."""

    OFF = "off", "Off"
    AUTO = "auto", "Place markers"
    TUNE = "tune", "Place markers, and choose the lifetime of those in the request"


def new_salt() -> str:
    """32 random bytes in hex: the edge derives the key that seals this project's cache from it."""
    return secrets.token_hex(32)


def default_charted_labels() -> list[str]:
    """Names of labels that are summed by the hour in a new project."""
    return [labels.USER, labels.APP]


class Project(models.Model):
    """``edge_revision`` grows with every change that the edge must learn of (``edge_sync``);
    ``edge_untold``: Redis has not been told of the newest one yet.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="projects"
    )
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=60)
    edge_revision = models.BigIntegerField(default=1, editable=False)
    edge_untold = models.BooleanField(default=False, db_default=False, editable=False)
    data_key_salt = models.CharField(max_length=64, default=new_salt, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    deletion_requested_at = models.DateTimeField(null=True, blank=True, editable=False)

    cache_enabled = models.BooleanField(default=True)
    ttl_seconds = models.PositiveIntegerField(
        "completion TTL (s)",
        default=60 * 60,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TTL)],
    )
    embeddings_ttl_seconds = models.PositiveIntegerField(
        "embedding TTL (s)",
        default=_DAY,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_TTL)],
    )
    max_temperature = models.FloatField(
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(2)],
        help_text="Answers to hotter requests are not cached. Empty: any temperature.",
    )
    max_body_bytes = models.PositiveIntegerField(
        default=1024 * 1024,
        validators=[MinValueValidator(1024), MaxValueValidator(8 * 1024 * 1024)],
        help_text="Answers larger than this are passed on but not stored.",
    )
    namespace = models.CharField(
        max_length=64,
        default="default",
        help_text="Cache namespace of requests that name none.",
    )
    semantic_mode = models.CharField(
        max_length=16, choices=SemanticMode, default=SemanticMode.STRICT
    )
    semantic_opened = models.BooleanField(
        "semantic hits before there is evidence",
        default=False,
        help_text="At the owner's risk: serve by meaning before checks have bounded the error.",
    )
    semantic_check_share = models.FloatField(
        "share of semantic hits that are checked",
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="From 0 to 1; a check asks the provider too. Empty: as the evidence needs it.",
    )
    prompt_cache = models.CharField(
        "providers' prompt caches",
        max_length=8,
        choices=PromptCache,
        default=PromptCache.OFF,
        db_default=PromptCache.OFF,
    )
    cache_on_disconnect = models.BooleanField(
        default=True, help_text="Keep the answer when the client leaves before its end."
    )
    default_provider = models.CharField(
        max_length=32, default="openai", help_text="For models that no rule knows."
    )
    log_prompts = models.BooleanField(
        default=False, help_text="Store prompts and answers with the usage log."
    )
    plain_user_labels = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Keep the ids of your users in the request log as they come, not as pseudonyms.",
    )
    charted_labels = models.JSONField(
        default=default_charted_labels, db_default=default_charted_labels(), blank=True
    )
    log_retention_days = models.PositiveSmallIntegerField(
        default=90,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text="Requests are deleted from the log after so many days; their sums stay.",
    )
    monthly_budget_nanousd = models.PositiveBigIntegerField(null=True, blank=True)
    label_limits = models.JSONField(null=True, blank=True, validators=[validate_label_limits])
    routes = models.JSONField(default=list, blank=True, validators=[validate_routes])

    class Meta:
        db_table = "projects"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "slug"], name="projects_slug_unique"),
        ]
        indexes = [
            models.Index("id", condition=models.Q(edge_untold=True), name="projects_edge_untold"),
        ]

    def __str__(self) -> str:
        return self.name
