"""Server time and queries of the dashboard's pages over a large usage log on PostgreSQL.

A throw-away cluster is filled by ``manage.py generate_usage`` (``BENCH_ROWS``, one million unless
told otherwise, over 60 days, so that a 30-day page has a month to compare with). Pages are asked
for in-process, through all middleware, the project's as its owner and then the staff site's. The
ratio is to ``/healthz``, which does one query.
"""

import os
import statistics
import time
from typing import Any

from tests.contract.postgres import cluster

_ROUNDS = 15
_PAGES = (
    "?period=24h",
    "?period=7d",
    "?period=30d",
    "usage/?period=30d",
    "usage/?period=30d&by=model",
    "usage/?period=30d&by=key&metric=cost",
    "requests/",
    "requests/?outcome=error",
    "cache/quality/",
    "cache/quality/?show=differed",
    "cache/entries/?period=30d",
    "cache/entries/top/?period=7d",
    "cache/entries/top/?period=30d",
    "cache/playground/?asked=How+can+I+swim%3F&cached=How+do+I+swim%3F",
)
_STAFF_PAGES = (
    "/admin/",
    "/admin/staff/healthreport/",
    "/admin/usage/usagelog/",
    "/admin/usage/usagehourly/",
    "/admin/accounts/organization/",
    "/admin/cache/semanticverdict/",
)


def main() -> None:
    """Print a line for each page."""
    rows = int(os.environ.get("BENCH_ROWS", "1000000"))
    with cluster() as postgres:
        os.environ |= {
            "DATABASE_URL": postgres.url("postgres"),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DJANGO_SECRET_KEY": "benchmark",
            "DJANGO_DEBUG": "true",
            "API_KEY_PEPPER": "benchmark",
            "ENCRYPTION_KEYS": "bench:" + "A" * 43 + "=",
        }
        import django

        django.setup()
        from django.conf import settings

        settings.DEBUG = False  # read at import for plain static files, not wanted while measuring
        owner, home = _filled(rows)
        base, _ = _median(owner, "/healthz")
        print(f"{rows:,} rows; /healthz {base:.1f} ms")
        print(f"{'page':40} {'ms':>8} {'× healthz':>10} {'queries':>8}")
        _measure(owner, home, _PAGES, base)
        _measure(_staff(), "", _STAFF_PAGES, base)


def _filled(rows: int) -> tuple[Any, str]:
    """A browser with the owner signed in, and where the project's pages begin."""
    from django.core.management import call_command
    from django.db import connection

    from apps.accounts.models import Plan, User
    from apps.accounts.services.organizations import organization_create
    from apps.projects.services.api_keys import api_key_create
    from apps.projects.services.projects import project_create

    call_command("migrate", verbosity=0)
    owner = User.objects.create_user("owner@example.com")
    organization = organization_create(
        name="Bench", owner=owner, actor=owner, plan=Plan.objects.get(slug="pro")
    )
    project = project_create(organization=organization, name="Bench", actor=owner)
    for name in ("Server", "Batch", "Evaluation"):
        api_key_create(project=project, name=name, actor=owner)
    started = time.perf_counter()
    call_command("generate_usage", str(project.pk), rows=rows, days=60, verbosity=0)
    print(f"filled and counted in {time.perf_counter() - started:.0f} s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return _browser(owner), f"/app/{organization.slug}/{project.slug}/"


def _staff() -> Any:
    """A browser with somebody signed in who may do everything on the staff site."""
    from apps.accounts.models import User

    return _browser(User.objects.create_superuser("staff@example.com"))


def _browser(user: Any) -> Any:
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["tz"] = "Europe/Berlin"
    return client


def _measure(client: Any, home: str, paths: tuple[str, ...], base: float) -> None:
    for path in paths:
        took, queries = _median(client, home + path)
        print(f"{path:40} {took:8.1f} {took / base:10.0f} {queries:8}")


def _median(client: Any, path: str) -> tuple[float, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    assert client.get(path).status_code == 200, path
    times = []
    for _ in range(_ROUNDS):
        started = time.perf_counter()
        client.get(path)
        times.append((time.perf_counter() - started) * 1000)
    with CaptureQueriesContext(connection) as captured:
        client.get(path)
    return statistics.median(times), len(captured)
