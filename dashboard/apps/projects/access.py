"""Who may open a project's page; see ``apps.accounts.access`` for the rules."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from apps.accounts.access import Access, Page, require
from apps.accounts.models import Role, User
from apps.projects.models import Project

LAST_PROJECT = "last_project"
"""Session key: the project opened last, as a string id; ``/app/`` returns to it."""

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class ProjectAccess(Access):
    """A person's way into one project of the organization."""

    project: Project


ProjectPage = Callable[Concatenate[HttpRequest, ProjectAccess, P], HttpResponseBase]


def project_view(
    *, read: Role = Role.VIEWER, write: Role = Role.MEMBER
) -> Callable[[ProjectPage[P]], Page]:
    """For URLs with ``<slug:organization>/<slug:project>``. Archived projects do not exist here."""

    def decorate(view: ProjectPage[P]) -> Page:
        @never_cache
        @login_required
        @wraps(view)
        def page(
            request: HttpRequest, organization: str, project: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            access = project_access(cast(User, request.user), organization, project)
            if request.session.get(LAST_PROJECT) != str(access.project.pk):
                request.session[LAST_PROJECT] = str(access.project.pk)
            require(access, request, read, write)
            return view(request, access, *args, **kwargs)

        page.access_guarded = True  # type: ignore[attr-defined]
        return page

    return decorate


def project_access(user: User, organization: str, project: str) -> ProjectAccess:
    """One query. Raises ``Http404`` unless the user is a member and the project is live."""
    found = (
        Project.objects.select_related("organization__plan")
        .filter(
            slug=project,
            archived_at=None,
            organization__slug=organization,
            organization__memberships__user=user,
        )
        .annotate(role=F("organization__memberships__role"))
        .first()
    )
    if found is None:
        raise Http404
    return ProjectAccess(user, found.organization, Role(found.role), found)


def projects_of(user: User) -> QuerySet[Project]:
    """Live projects of the user's organizations, with ``live_keys`` counted."""
    return (
        Project.objects.filter(organization__memberships__user=user, archived_at=None)
        .select_related("organization")
        .annotate(live_keys=Count("api_keys", filter=Q(api_keys__revoked_at=None)))
        .order_by("organization__name", "organization_id", "name")
    )
