"""An organization's audit log, read by key: no page counts rows or skips them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from apps.accounts.models import Organization
from apps.audit.models import AuditLog
from apps.projects.models import Project
from apps.ui.templatetags.ui import usd
from apps.ui.values import told

PAGE = 50


@dataclass(frozen=True, slots=True)
class Change:
    """One field of an entry. ``before`` is None for what was merely recorded."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it is shown."""

    entry: AuditLog
    project: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """``older``: the id to continue below; None at the end."""

    lines: list[Line]
    older: int | None


def audit_page(
    organization: Organization, *, kind: str = "", actor: str = "", below: int | None = None
) -> Page:
    """Newest first. ``kind`` is what was changed (``api_key``), ``actor`` part of an address."""
    entries = AuditLog.objects.filter(organization_id=organization.pk)
    if kind:
        entries = entries.filter(action__startswith=f"{kind}.")
    if actor:
        entries = entries.filter(actor_label__icontains=actor)
    if below is not None:
        entries = entries.filter(id__lt=below)
    found = list(entries.order_by("-id")[: PAGE + 1])
    names = dict(
        Project.objects.filter(
            organization=organization, pk__in={entry.project_id for entry in found}
        ).values_list("pk", "name")
    )
    lines = [Line(entry, _name(names, entry), _changes(entry.data)) for entry in found[:PAGE]]
    return Page(lines, found[PAGE - 1].pk if len(found) > PAGE else None)


def _name(names: dict[UUID, str], entry: AuditLog) -> str:
    return names.get(entry.project_id, "") if entry.project_id else ""


def _changes(data: dict[str, Any]) -> tuple[Change, ...]:
    return tuple(_change(name, value) for name, value in data.items())


def _change(name: str, value: Any) -> Change:
    """Money is told in dollars, though kept in nano-USD."""
    money = name.endswith("_nanousd")
    text = _money if money else told
    name = name.removesuffix("_nanousd")
    if isinstance(value, dict) and value.keys() == {"from", "to"}:
        return Change(name, text(value["from"]), text(value["to"]))
    return Change(name, None, text(value))


def _money(value: Any) -> str:
    return usd(value) if isinstance(value, int) else told(value)
