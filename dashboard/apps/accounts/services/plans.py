"""Changes to plans. The edge applies a changed plan to every organization on it."""

from typing import Any

from django.db import transaction

from apps.accounts.models import Plan, User
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record
from apps.projects.edge_sync import edge_revision_bump
from apps.projects.models import Project


@transaction.atomic
def plan_create(*, actor: User | None, **values: Any) -> Plan:
    """A new plan from the model's fields. Raises ``ValidationError``."""
    plan = Plan(**values)
    plan.full_clean()
    plan.save()
    audit_record(action="plan.create", actor=actor, target=plan, data={"slug": plan.slug})
    return plan


@transaction.atomic
def plan_update(*, plan: Plan, actor: User | None, **values: Any) -> Plan:
    """Sets fields of the plan and counts up the revision of every project under it."""
    changes = apply_changes(plan, values)
    if changes:
        edge_revision_bump(Project.objects.filter(organization__plan=plan))
        audit_record(action="plan.update", actor=actor, target=plan, data=changes)
    return plan
