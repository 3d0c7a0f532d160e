"""The data of the frame around every signed-in page; each value is computed when a template first
uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.access import Access
from apps.accounts.models import User
from apps.projects.access import ProjectAccess, projects_of
from apps.projects.models import Project
from apps.shell import navigation
from apps.usage import freshness
from apps.usage.month import requests_this_month


@dataclass(frozen=True, slots=True)
class Quota:
    """This month's requests of the organization (UTC, as the edge counts) against its plan."""

    used: int
    limit: int | None

    @property
    def percent(self) -> int:
        return min(100, 100 * self.used // self.limit) if self.limit else 0

    @property
    def level(self) -> str:
        """CSS class of the meter."""
        if self.limit is None or self.used < 0.8 * self.limit:
            return ""
        return "danger" if self.used >= self.limit else "warn"


class Shell:
    """Two queries at most: the person's projects, and the organization's month."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @property
    def access(self) -> Access | None:
        """None on pages that belong to no organization (account pages, errors)."""
        return getattr(self._request, "access", None)

    @property
    def legal_links(self) -> Mapping[str, str]:
        """The operator's own pages by name, those that are set."""
        links: Mapping[str, str] = settings.LEGAL_LINKS
        return links

    @cached_property
    def projects(self) -> list[Project]:
        """All the person can switch to."""
        return list(projects_of(cast(User, self._request.user)))

    @cached_property
    def project_links(self) -> list[navigation.Link]:
        access = self.access
        if not isinstance(access, ProjectAccess):
            return []
        return navigation.project_links(self._request, access)

    @cached_property
    def organization_links(self) -> list[navigation.Link]:
        access = self.access
        return navigation.organization_links(self._request, access) if access else []

    @property
    def palette_url(self) -> str:
        """Where the command palette's entries for this page are."""
        access = self.access
        if access is None:
            return reverse("palette_account")
        if isinstance(access, ProjectAccess):
            return reverse("palette_project", args=[access.organization.slug, access.project.slug])
        return reverse("palette_organization", args=[access.organization.slug])

    @cached_property
    def quota(self) -> Quota | None:
        access = self.access
        if access is None:
            return None
        freshness.refresh()
        used = requests_this_month(access.organization, timezone.now())
        return Quota(used, access.organization.limits.monthly_requests)


def context(request: HttpRequest) -> dict[str, Shell]:
    """Context processor: ``shell``."""
    return {"shell": Shell(request)}
