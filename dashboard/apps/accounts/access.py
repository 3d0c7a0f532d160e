"""Who may open a page, decided in one place.

Every page under ``/app/<organization>/…`` is decorated with ``organization_view``, or with
``project_view`` of ``apps.projects.access``. They turn the slugs of the URL into rows that the
signed-in person's membership reaches, and hand them to the view as an ``Access``; no view looks a
project or an organization up by itself. What the person has no membership for answers 404, exactly
as what does not exist. A member whose role is too low gets a 403 page.

    @project_view()                                    # any member reads, members and up write
    def settings(request: HttpRequest, access: ProjectAccess) -> HttpResponse: ...

    @project_view(write=Role.ADMIN)                    # POST only for admins and owners
    @organization_view(read=Role.ADMIN)                # not even shown to members and viewers

Further URL arguments reach the view as keywords. A view narrows them with the bound rows, for
instance ``get_object_or_404(access.project.api_keys, pk=key_id)``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.cache import never_cache

from apps.accounts.models import Membership, Organization, Role, User

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_RANK = {role: rank for rank, role in enumerate(reversed(Role))}

P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Access:
    """A person's way into an organization."""

    user: User
    organization: Organization
    role: Role

    def allows(self, minimum: Role) -> bool:
        """True when the role is ``minimum`` or above."""
        return _RANK[self.role] >= _RANK[minimum]

    @property
    def can_write(self) -> bool:
        """Members and up: keys, providers, cache settings."""
        return self.allows(Role.MEMBER)

    @property
    def can_manage(self) -> bool:
        """Admins and owners: team, project settings."""
        return self.allows(Role.ADMIN)

    @property
    def is_owner(self) -> bool:
        """Owners: billing, ownership, deletion."""
        return self.role == Role.OWNER


OrganizationPage = Callable[Concatenate[HttpRequest, Access, P], HttpResponseBase]
Page = Callable[..., HttpResponseBase]


def organization_view(
    *, read: Role = Role.VIEWER, write: Role = Role.ADMIN
) -> Callable[[OrganizationPage[P]], Page]:
    """For URLs with ``<slug:organization>``."""

    def decorate(view: OrganizationPage[P]) -> Page:
        @never_cache
        @login_required
        @wraps(view)
        def page(
            request: HttpRequest, organization: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponseBase:
            access = organization_access(cast(User, request.user), organization)
            require(access, request, read, write)
            return view(request, access, *args, **kwargs)

        page.access_guarded = True  # type: ignore[attr-defined]
        return page

    return decorate


def organization_access(user: User, organization: str) -> Access:
    """One query. Raises ``Http404`` unless the user is a member."""
    found = (
        Membership.objects.select_related("organization__plan")
        .filter(user=user, organization__slug=organization)
        .first()
    )
    if found is None:
        raise Http404
    return Access(user, found.organization, Role(found.role))


def require(access: Access, request: HttpRequest, read: Role, write: Role) -> None:
    """Raises ``PermissionDenied`` unless the role is enough for the request's method."""
    minimum = read if request.method in SAFE_METHODS else write
    request.access = access  # type: ignore[attr-defined]  # for the shell
    if not access.allows(minimum):
        raise PermissionDenied(minimum.label)
