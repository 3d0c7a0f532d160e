"""A small filled database as one release leaves it, written once when that release is made:

    python -m tests.contract.release_database

writes ``tests/contract/releases/<version>.sql`` from the migrations and services of the working
tree. ``test_upgrade`` restores each of these files and migrates it. A file is never written again:
it is what that release really made.
"""

import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from shared.version import VERSION

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "releases"
_NOW = datetime(2026, 12, 1, tzinfo=UTC)
_VALUES: dict[str, Any] = {
    "BinaryField": b"x",
    "BooleanField": False,
    "DateField": date(2026, 12, 1),
    "DateTimeField": _NOW,
    "FloatField": 0.5,
    "GenericIPAddressField": "192.0.2.1",
    "JSONField": {},
    "UUIDField": "00000000-0000-4000-8000-000000000000",
}
_FILLED = {  # by Django, and by the rollup
    "admin",
    "auth",
    "contenttypes",
    "sessions",
    "sites",
    "account",
    "mfa",
    "usage",
}


def main() -> None:
    """Write the file of ``shared.version.VERSION``."""
    target = FOLDER / f"{VERSION}.sql"
    if target.exists():
        sys.exit(f"{target.relative_to(ROOT)} is there already")
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.core.management import call_command

    from tests.contract import conftest, postgres
    from tests.contract.databases import default_database, migrate

    with postgres.cluster() as cluster:
        conftest.prepare(cluster)
        migrate(cluster.url("dashboard", "owner"))
        with default_database(cluster.url("dashboard", "owner")):
            fill()
            call_command("rollup_usage", verbosity=0)
        server = ("--host", str(cluster.socket_dir), "--username", postgres.SUPERUSER)
        dump = subprocess.run(
            ["pg_dump", *server, "--inserts", "dashboard"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    # What the dumping machine's version adds says nothing of ours.
    lines = [line for line in dump.splitlines() if line and not line.startswith(("--", "\\"))]
    target.write_text("\n".join(lines) + "\n")
    sys.stdout.write(f"{target.relative_to(ROOT)}: {len(lines)} lines\n")


def fill() -> None:
    """A customer with everything that the services make, and one row in every other table."""
    from django.apps import apps

    from apps.accounts.models import Role, User
    from apps.accounts.services.memberships import membership_create
    from apps.projects.services.api_keys import api_key_revoke
    from apps.projects.services.provider_credentials import provider_credential_create
    from apps.usage.models import UsageLog
    from tests.contract.tenants import tenant
    from tests.dashboard.usage_rows import usage_row

    owner = User.objects.create_user("owner@example.com", "a password")
    customer, other = tenant(monthly_budget_nanousd=5 * 10**12), tenant()
    membership_create(organization=customer.organization, user=owner, role=Role.OWNER, actor=owner)
    provider_credential_create(
        project=customer.project, provider="openai", secret="sk-example", actor=owner
    )
    api_key_revoke(api_key=other.api_key, actor=owner)
    UsageLog.objects.bulk_create(
        usage_row(
            customer.api_key,
            ts=_NOW.replace(hour=number % 24),
            cache_status=("HIT", "HIT-SEMANTIC", "MISS", "BYPASS")[number % 4],
            decision=(None, {"mode": "strict", "agreed": True})[number % 2],
            model=("gpt-4o", None)[number % 2],
            status=(200, 502)[number // 20],
            cost_nanousd=number * 1_000,
        )
        for number in range(24)
    )
    for model in apps.get_models():
        if model._meta.app_label not in _FILLED and not model.objects.exists():
            model.objects.create(**{f.attname: value(f) for f in needed(model)})


def needed(model: Any) -> list[Any]:
    """The fields that have no value by themselves."""
    return [
        field
        for field in model._meta.concrete_fields
        if not (field.null or field.has_default() or field.blank)
        and not getattr(field, "auto_now", False)
        and not getattr(field, "auto_now_add", False)
        and not (field.primary_key and field.get_internal_type().endswith("AutoField"))
    ]


def value(field: Any) -> Any:
    """Something that the field takes."""
    if field.is_relation:
        return field.related_model.objects.values_list(field.target_field.attname, flat=True)[0]
    if field.choices:
        return field.choices[0][0]
    kind = field.get_internal_type()
    if kind in _VALUES:
        return _VALUES[kind]
    if kind.endswith("IntegerField"):
        return 1
    text = f"{field.name}@example.com" if "mail" in field.name else f"https://{field.name}"
    return text[: field.max_length]


if __name__ == "__main__":
    main()
