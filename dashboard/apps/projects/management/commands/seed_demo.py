import json
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from apps.accounts.models import Membership, Organization, Plan, Role, User
from apps.accounts.services.organizations import organization_create
from apps.projects.models import ApiKey, Project
from apps.projects.services.api_keys import api_key_create, api_key_revoke
from apps.projects.services.projects import project_create
from shared import api_keys

STAFF_EMAIL = "staff@watchllm.localhost"
UNLIMITED = {
    "name": "Unlimited",
    "public": False,
    "monthly_requests": None,
    "requests_per_minute": None,
    "tokens_per_minute": None,
    "concurrent_streams": None,
    "max_projects": None,
    "sort": 100,
}

_LABEL_LIMITS = {
    "label": "user",
    "requests_per_minute": None,
    "budget_nanousd": 5 * 10**9,
    "period": "month",
    "most_values": 10_000,
}


class Command(BaseCommand):
    """Idempotent: what exists is kept, and so is the API key or password that the output file of
    an earlier run still knows. A secret that nobody knows any more is replaced.
    """

    help = "Creates the demo organization, project, API key and staff user; safe to run again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--output",
            type=Path,
            help="JSON file to merge api_key, project_id, organization_id and staff into.",
        )
        parser.add_argument(
            "--bare",
            action="store_true",
            help="Only an organization without limits and its key, to put load on the edge.",
        )

    def handle(self, *args: Any, output: Path | None, bare: bool, **options: Any) -> None:
        known: dict[str, Any] = {}
        if output and output.exists():
            known = json.loads(output.read_text())
        with transaction.atomic():
            made = _bare(known) if bare else _demo(known)
        text = json.dumps(known | made, indent=2) + "\n"
        if output:
            output.parent.mkdir(parents=True, exist_ok=True)
            output.touch(mode=0o600)
            output.write_text(text)
        else:
            self.stdout.write(text, ending="")


def _demo(known: dict[str, Any]) -> dict[str, Any]:
    plan = Plan.objects.get(slug="pro")
    staff, password = _staff(known.get("staff") or {})
    organization = _organization("demo", "Demo", plan)
    Membership.objects.get_or_create(
        organization=organization, user=staff, defaults={"role": Role.OWNER}
    )
    made = _project_and_key(organization, "demo", "Demo project", known.get("api_key"))
    return made | {"staff": {"email": staff.email, "password": password}}


def _bare(known: dict[str, Any]) -> dict[str, Any]:
    plan, _ = Plan.objects.get_or_create(slug="unlimited", defaults=UNLIMITED)
    organization = _organization("bare", "Bare", plan)
    return _project_and_key(organization, "bare", "Bare project", known.get("api_key"))


def _organization(slug: str, name: str, plan: Plan) -> Organization:
    organization = Organization.objects.filter(slug=slug).first()
    return organization or organization_create(
        name=name, slug=slug, plan=plan, owner=None, actor=None
    )


def _project_and_key(
    organization: Organization, slug: str, name: str, known_key: str | None
) -> dict[str, Any]:
    project = Project.objects.filter(organization=organization, slug=slug).first()
    if project is None:
        # Nobody's data is at risk here, and the semantic cache should be seen at work.
        project = project_create(
            organization=organization,
            name=name,
            slug=slug,
            actor=None,
            semantic_opened=True,
            label_limits=_LABEL_LIMITS,
        )
    return {
        "api_key": _usable(project, known_key) or _new_key(project),
        "project_id": str(project.pk),
        "organization_id": str(organization.pk),
    }


def _usable(project: Project, known_key: str | None) -> str | None:
    if not known_key:
        return None
    key_hash = api_keys.key_hash(known_key, settings.API_KEY_PEPPER)
    active = ApiKey.objects.filter(project=project, key_hash=key_hash, revoked_at=None)
    return known_key if active.exists() else None


def _new_key(project: Project) -> str:
    for lost in ApiKey.objects.filter(project=project, name="Demo key", revoked_at=None):
        api_key_revoke(api_key=lost, actor=None)
    return api_key_create(project=project, name="Demo key", actor=None).plaintext


def _staff(known: dict[str, Any]) -> tuple[User, str]:
    user = User.objects.filter(email=STAFF_EMAIL).first()
    password = known.get("password")
    if user and password and known.get("email") == user.email and user.check_password(password):
        return user, password
    password = secrets.token_urlsafe(12)
    if user is None:
        user = User.objects.create_superuser(STAFF_EMAIL, password, name="Demo staff")
        return user, password
    user.set_password(password)
    user.save(update_fields=["password"])
    return user, password
