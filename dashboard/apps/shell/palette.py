"""The command palette as data: pages that this person may open from here, and commands they may
run.

Every entry comes from the person's own memberships, as the sidebar's do; a page that a role may not
open is not offered to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.access import Access
from apps.accounts.models import Role, User
from apps.accounts.selectors import memberships_of
from apps.projects.access import ProjectAccess, projects_of
from apps.shell import navigation


@dataclass(frozen=True, slots=True)
class Command:
    """``href`` is empty for a command that the page runs itself; ``theme`` then names it.

    ``find``: further words to find it by; ``hint`` distinguishes entries with the same label.
    """

    label: str
    icon: str
    href: str = ""
    hint: str = ""
    find: str = ""
    theme: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Commands under a heading, in the order in which they are offered."""

    label: str
    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    label: str
    view: str
    icon: str
    find: str = ""
    minimum: Role = Role.VIEWER
    anchor: str = ""


# Beyond the sidebar: pages below one of its own.
_MORE_PROJECT_PAGES = (
    _Entry("Semantic quality", "semantic_quality", "cache", "wrong hits checks bound verdict"),
    _Entry("Cache entries", "cache_entries", "cache", "top stored kept"),
    _Entry("Prompts", "cache_prompts", "cache", "prefixes provider's prompt cache saved lost"),
    _Entry("Playground", "cache_playground", "cache", "compare two prompts decision"),
    _Entry("Connect your application", "onboarding", "play", "get started snippet base url"),
)
_PROJECT_ACTIONS = (
    _Entry("Create an API key", "key_new", "key-plus", "new secret", Role.MEMBER),
    _Entry("Add a provider key", "provider_new", "providers", "byok openai", Role.MEMBER),
    _Entry("Purge the cache", "project_cache", "trash", "clear empty delete", Role.MEMBER, "purge"),
)
_ORGANIZATION_ACTIONS = (
    _Entry("Invite a member", "team", "mail", "add person user team", Role.ADMIN, "invite"),
    _Entry("New project", "project_new", "plus", "create add", Role.ADMIN),
)
_ACCOUNT = (
    _Entry("Email addresses", "account_email", "user", "account verify"),
    _Entry("Password", "account_change_password", "lock", "account change"),
    _Entry("Two-factor and passkeys", "mfa_index", "shield", "account mfa totp recovery codes"),
    _Entry("Sessions", "usersessions_list", "monitor", "account devices signed in"),
    _Entry("Messages you get", "email_preferences", "mail", "account notifications alerts report"),
)
_THEMES = (("System", "monitor"), ("Light", "sun"), ("Dark", "moon"))


def groups(request: HttpRequest, user: User, access: Access | None) -> list[Group]:
    """Two queries: the person's projects and their organizations. Empty groups are left out."""
    found: list[Group] = []
    if isinstance(access, ProjectAccess):
        found.append(Group(access.project.name, tuple(_project(request, access))))
    if access is not None:
        found.append(Group("Actions", tuple(_actions(access))))
        links = navigation.organization_links(request, access)
        found.append(
            Group(
                access.organization.name,
                tuple(Command(link.label, link.icon, link.href) for link in links),
            )
        )
    found.append(Group("Go to", tuple(_elsewhere(user, access))))
    if getattr(request, "impersonation", None) is None:
        account = (Command(e.label, e.icon, reverse(e.view), find=e.find) for e in _ACCOUNT)
        found.append(Group("Account", tuple(account)))
    themes = (
        Command(f"{name} theme", icon, find="colour appearance mode", theme=name.lower())
        for name, icon in _THEMES
    )
    found.append(Group("Appearance", tuple(themes)))
    return [group for group in found if group.commands]


def _project(request: HttpRequest, access: ProjectAccess) -> Iterator[Command]:
    for link in navigation.project_links(request, access):
        yield Command(link.label, link.icon, link.href)
    slugs = {"organization": access.organization.slug, "project": access.project.slug}
    yield from _commands(access, _MORE_PROJECT_PAGES, slugs)


def _actions(access: Access) -> Iterator[Command]:
    slugs = {"organization": access.organization.slug}
    if isinstance(access, ProjectAccess):
        yield from _commands(access, _PROJECT_ACTIONS, {**slugs, "project": access.project.slug})
    yield from _commands(access, _ORGANIZATION_ACTIONS, slugs)


def _commands(
    access: Access, entries: tuple[_Entry, ...], slugs: dict[str, str]
) -> Iterator[Command]:
    for entry in entries:
        if access.allows(entry.minimum):
            anchor = f"#{entry.anchor}" if entry.anchor else ""
            href = reverse(entry.view, kwargs=slugs) + anchor
            yield Command(entry.label, entry.icon, href, find=entry.find)


def _elsewhere(user: User, access: Access | None) -> Iterator[Command]:
    here = access.project.pk if isinstance(access, ProjectAccess) else None
    for project in projects_of(user):
        if project.pk != here:
            href = reverse("project_overview", args=[project.organization.slug, project.slug])
            yield Command(project.name, "project", href, project.organization.name, "project")
    organization = access.organization.pk if access else None
    for membership in memberships_of(user):
        if membership.organization_id != organization:
            href = reverse("team", args=[membership.organization.slug])
            name = membership.organization.name
            yield Command(name, "organization", href, "organization", "team switch")
    yield Command("New organization", "plus", reverse("organization_new"), find="create add")
    yield Command("Documentation", "docs", reverse("docs_home"), find="help manual docs")
