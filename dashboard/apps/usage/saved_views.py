"""Saved views of the request log: a person's own, in one project."""

from collections.abc import Mapping
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.http import QueryDict

from apps.accounts.models import User
from apps.projects.models import Project
from apps.usage.filters import DIMENSIONS
from apps.usage.models import SavedView

MOST_VIEWS = 30
"""Of one person in one project."""
_FILTERS = (*DIMENSIONS, "outcome", "q", "label", "value", "code", "cost", "ms", "since", "until")
_LONGEST_VALUE = 256


class TooManyViewsError(Exception):
    """The person has as many views of this project as there may be."""


def saved_views(project: Project, user: User) -> QuerySet[SavedView]:
    """The person's own."""
    return SavedView.objects.filter(project=project, user=user)


def view_query(params: Mapping[str, str]) -> str:
    """The filters among an address's parameters, in a fixed order; empty without one."""
    kept = {name: params.get(name, "")[:_LONGEST_VALUE] for name in _FILTERS}
    return urlencode({name: value.replace("\x00", "") for name, value in kept.items() if value})


def view_save(*, project: Project, user: User, name: str, query: str) -> SavedView:
    """``query`` as an address has it; a view of that name is replaced. Raises
    ``TooManyViewsError``."""
    filters = view_query(QueryDict(query[:8_000]).dict())
    mine = saved_views(project, user)
    if not mine.filter(name=name).exists() and mine.count() >= MOST_VIEWS:
        raise TooManyViewsError
    saved, _ = SavedView.objects.update_or_create(
        project=project, user=user, name=name, defaults={"query": filters}
    )
    return saved


def view_delete(*, project: Project, user: User, view_id: UUID) -> bool:
    """False where the person has no such view."""
    return bool(saved_views(project, user).filter(pk=view_id).delete()[0])
