"""Deleting everything about one label value, which the person behind it may ask for: the log's rows
with the label, and the sums by that label and value. The project's sums stay, because they hold no
label.
"""

from django.db import transaction

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.projects.models import Project
from apps.usage.label_filter import has_label
from apps.usage.models import LabelHourly, RollupState, UsageLog
from apps.usage.retention import BATCH
from apps.usage.rollup import usage_rollup

MOST_BATCHES = 20


def label_erase(*, project: Project, name: str, value: str, actor: User | None) -> tuple[int, bool]:
    """The number of requests deleted, and whether that was all: a call stops after 100,000."""
    usage_rollup()  # rows go once they are counted, so that no sum misses one
    deleted = 0
    for _ in range(MOST_BATCHES):
        gone = _erase_batch(project, name, value)
        deleted += gone
        if gone < BATCH:
            break
    with transaction.atomic():
        LabelHourly.objects.filter(project=project, name=name, value=value).delete()
        audit_record(
            action="label.erase",
            actor=actor,
            target=project,
            organization=project.organization,
            project_id=project.pk,
            data={"label": name, "requests": deleted},
        )
    left = UsageLog.objects.filter(has_label(name, value), project=project)
    return deleted, not left.exists()


@transaction.atomic
def _erase_batch(project: Project, name: str, value: str) -> int:
    state = RollupState.objects.first()
    rows = UsageLog.objects.filter(
        has_label(name, value), project=project, id__lte=state.last_log_id if state else 0
    )
    ids = list(rows.values_list("id", flat=True)[:BATCH])
    return UsageLog.objects.filter(id__in=ids).delete()[0]
