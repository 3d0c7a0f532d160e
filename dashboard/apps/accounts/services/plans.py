"""Changes to plans. The edge applies a changed plan to every organization on it."""

from typing import Any

from django.db import transaction

from apps.accounts.models import Organization, Plan, User
from apps.accounts.signals import key_records_changed
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record


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
    """Sets fields of the plan and bumps the revision of every project under it, so that the edge
    reads new limits."""
    changes = apply_changes(plan, values)
    if changes:
        key_records_changed.send(sender=Plan, organizations=Organization.objects.filter(plan=plan))
        audit_record(action="plan.update", actor=actor, target=plan, data=changes)
    return plan
