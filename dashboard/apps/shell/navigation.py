"""The sidebar as data. A new page adds one line here.

``view`` is the URL's name; a project page is reversed with organization and project, an
organization page with the organization. ``icon`` names a file of ``templates/icons``. Entries whose
``minimum`` role the member lacks are not shown.
"""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.access import Access
from apps.accounts.models import Role
from apps.projects.access import ProjectAccess


@dataclass(frozen=True, slots=True)
class Entry:
    """``also`` names further URLs under which the entry is the current one."""

    label: str
    view: str
    icon: str
    minimum: Role = Role.VIEWER
    also: tuple[str, ...] = ()


PROJECT_PAGES: tuple[Entry, ...] = (
    Entry("Overview", "project_overview", "overview"),
    Entry("Usage", "project_usage", "usage"),
    Entry("Requests", "project_requests", "requests", also=("request_detail",)),
    Entry("Labels", "project_labels", "fingerprint", also=("label_value", "label_limits")),
    Entry(
        "Cache",
        "project_cache",
        "cache",
        also=(
            "cache_purge",
            "semantic_quality",
            "cache_entries",
            "cache_prompts",
            "cache_playground",
        ),
    ),
    Entry("Keys", "project_keys", "keys", also=("key_new", "key_edit", "key_rotate")),
    Entry("Providers", "project_providers", "providers", also=("provider_new", "provider_edit")),
    Entry(
        "Settings", "project_settings", "settings", Role.ADMIN, also=("project_delete", "read_keys")
    ),
)

ORGANIZATION_PAGES: tuple[Entry, ...] = (
    Entry("Projects", "organization_overview", "gauge"),
    Entry("Team", "team", "team", also=("team_invite",)),
    Entry("Billing", "billing", "billing", Role.ADMIN, also=("billing_change_plan",)),
    Entry("Webhooks", "webhooks", "send", Role.ADMIN),
    Entry("Audit log", "audit_log", "audit", Role.ADMIN),
    Entry(
        "General",
        "organization_settings",
        "organization",
        Role.ADMIN,
        also=("organization_delete",),
    ),
)


@dataclass(frozen=True, slots=True)
class Link:
    """One line of the sidebar."""

    label: str
    href: str
    icon: str
    current: bool


def project_links(request: HttpRequest, access: ProjectAccess) -> list[Link]:
    """The project's pages, for this member."""
    slugs = {"organization": access.organization.slug, "project": access.project.slug}
    return _links(request, access, PROJECT_PAGES, slugs)


def organization_links(request: HttpRequest, access: Access) -> list[Link]:
    """The organization's pages, for this member."""
    return _links(request, access, ORGANIZATION_PAGES, {"organization": access.organization.slug})


def _links(
    request: HttpRequest, access: Access, entries: tuple[Entry, ...], slugs: dict[str, str]
) -> list[Link]:
    match = request.resolver_match
    here = match.url_name if match else None
    return [
        Link(
            label=entry.label,
            href=reverse(entry.view, kwargs=slugs),
            icon=entry.icon,
            current=here is not None and (here == entry.view or here in entry.also),
        )
        for entry in entries
        if access.allows(entry.minimum)
    ]
