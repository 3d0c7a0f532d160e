"""Alerts when the semantic hits of a project may be wrong more often than their mode's target.

The edge checks a sample of the hits it serves; the rollup adds the outcomes up by day. From those
of thirty days the expected share of wrong hits is estimated as the edge does it
(``shared.decision.evidence``): two fresh answers to one prompt differ sometimes, too, and only the
excess counts. It is held against the mode's target error, by which the edge closes a namespace. All
namespaces of the project count in full here, so there is nothing to pool.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Role
from apps.alerts.models import SemanticBound
from apps.emails import links
from apps.emails.messages import usage
from apps.emails.services.outbox import emails_enqueue_for
from apps.projects.models import Project
from apps.usage.models import SemanticHourly
from apps.webhooks.services.emit import event_emit
from shared.decision.evidence import OWN_WEIGHT, estimate
from shared.decision.modes import MODES, OFF, Mode

WINDOW_DAYS = 30
_MODES = [name for name in MODES if name != OFF.name]


def semantic_alerts_due() -> int:
    """Returns how many crossings made an alert."""
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    checks = (
        SemanticHourly.objects.filter(
            hour__gte=today - timedelta(days=WINDOW_DAYS - 1), checked__gt=0, mode__in=_MODES
        )
        .values("project_id", "mode")
        .annotate(of=Sum("checked"), bad=Sum("wrong"))
    )
    over = set(SemanticBound.objects.filter(exceeded=True).values_list("project_id", "mode"))
    told = 0
    for row in checks:
        verdict = exceeded(row["bad"], row["of"], MODES[row["mode"]])
        if verdict is not None and verdict != ((row["project_id"], row["mode"]) in over):
            told += _cross(row["project_id"], MODES[row["mode"]], row["bad"], row["of"], verdict)
    return told


def exceeded(differed: int, checked: int, mode: Mode) -> bool | None:
    """Whether the expected share of wrong hits is over the mode's target. None where it is not, but
    too few checks support that to end an earlier alert.
    """
    if estimate(differed, checked, mode.prior).mean > mode.target_error:
        return True
    return False if checked >= OWN_WEIGHT else None


@transaction.atomic
def _cross(project_id: UUID, mode: Mode, wrong: int, checked: int, verdict: bool) -> bool:  # noqa: FBT001
    """Records that the share went over the target or came back; going over makes an alert."""
    project = (
        Project.objects.select_related("organization")
        .filter(pk=project_id, archived_at=None, organization__disabled_at=None)
        .first()
    )
    if project is None:
        return False
    SemanticBound.objects.get_or_create(project=project, mode=mode.name)
    state = SemanticBound.objects.select_for_update().get(project=project, mode=mode.name)
    if state.exceeded == verdict:
        return False  # another process recorded it first
    state.exceeded = verdict
    state.crossings += state.exceeded
    state.save()
    if state.exceeded:
        _tell(project, mode, state.crossings, wrong, checked)
    return state.exceeded


def _tell(project: Project, mode: Mode, crossing: int, wrong: int, checked: int) -> None:
    organization = project.organization
    bound = estimate(wrong, checked, mode.prior).upper
    page = reverse("semantic_quality", args=[organization.slug, project.slug])
    content = usage.semantic_bound(
        organization=organization.name,
        project=project.name,
        mode=mode.name,
        target=f"{100 * mode.target_error:.1f}%",
        bound=f"{100 * bound:.1f}%",
        checks=f"{wrong:,} of {checked:,}",
        quality_url=links.absolute(page),
    )
    emails_enqueue_for(
        organization=organization,
        roles=(Role.OWNER, Role.ADMIN),
        content=content,
        dedupe_key=f"semantic_bound:{project.pk}:{mode.name}:{crossing}",
    )
    event_emit(
        organization=organization,
        event="semantic.error_bound_exceeded",
        data={
            "project_id": str(project.pk),
            "mode": mode.name,
            "target_error": mode.target_error,
            "error_bound": round(bound, 4),
            "checked": checked,
            "wrong": wrong,
            "window_days": WINDOW_DAYS,
        },
    )
