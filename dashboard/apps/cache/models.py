"""Evidence on semantic hits: the results of their checks and people's verdicts. Redis holds the
counts that the edge decides by (``redis_keys.semantic_evidence``). These tables hold the same
counts, from the usage log and the verdicts, for the pages and to restore Redis after a loss.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from apps.projects.models import Project
from shared.decision.evidence import EDGES


class SemanticEvidence(models.Model):
    """Counts of one namespace and model in one bin of P(same answer), over all time.

    ``served``: semantic hits. ``checked``, ``wrong``: pairs whose answers were compared, by the
    edge (hits and near misses) or by a person. The edge counts by namespace; the model is here for
    the page alone.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    namespace = models.CharField(max_length=128, blank=True)
    model = models.CharField(max_length=128, blank=True)
    bin = models.PositiveSmallIntegerField()
    served = models.PositiveBigIntegerField(default=0)
    checked = models.PositiveBigIntegerField(default=0)
    wrong = models.PositiveBigIntegerField(default=0)

    class Meta:
        db_table = "semantic_evidence"
        verbose_name_plural = "semantic evidence"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "namespace", "model", "bin"], name="semantic_evidence_key"
            ),
            models.CheckConstraint(
                condition=Q(bin__lt=len(EDGES)), name="semantic_evidence_known_bin"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.namespace} {self.model} bin {self.bin}: {self.wrong} of {self.checked} wrong"


class SemanticVerdict(models.Model):
    """A person's verdict on one semantic hit; each hit takes one.

    ``request_id`` and ``model`` are the usage row's (the model empty where that row was gone
    already), ``cache_key`` is the answer that was served. Given in the dashboard by ``actor``, or
    through the API (``POST /v1/cache/feedback``) with ``api_key_id``.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    request_id = models.CharField(max_length=128)
    cache_key = models.CharField(max_length=64)
    namespace = models.CharField(max_length=128, blank=True)
    model = models.CharField(max_length=128, blank=True)
    bin = models.PositiveSmallIntegerField()
    wrong = models.BooleanField()
    given_at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_label = models.CharField(max_length=254)
    api_key_id = models.UUIDField(null=True)

    class Meta:
        db_table = "semantic_verdicts"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "request_id"], name="semantic_verdicts_one_each"
            )
        ]

    def __str__(self) -> str:
        return f"{self.request_id}: {'wrong' if self.wrong else 'right'}"


class EvidenceState(models.Model):
    """How far the log is counted: all rows up to ``last_log_id``, none after."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_log_id = models.BigIntegerField(default=0)

    class Meta:
        db_table = "semantic_evidence_state"

    def __str__(self) -> str:
        return f"counted up to {self.last_log_id}"
