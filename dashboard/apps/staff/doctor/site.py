"""The edge's address, the database, and settings that must hold together in production."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http.request import validate_host

from apps.staff.doctor.findings import Finding

_TIMEOUT_SECONDS = 5.0


def check_database() -> Iterator[Finding]:
    """It answers, and nothing waits to be migrated."""
    try:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        yield Finding("database", "failed", type(error).__name__, "Check DATABASE_URL.")
        return
    if waiting:
        says = f"{len(waiting)} migrations have not been run"
        yield Finding("database", "failed", says, "Run manage.py migrate.")
    else:
        yield Finding("database", "ok", f"{connection.vendor}, all migrations run")
    if connection.vendor != "postgresql" and not settings.DEBUG:
        mend = "Set DATABASE_URL to PostgreSQL where customers are."
        yield Finding("database", "warning", f"{connection.vendor} in production", mend)


def check_edge() -> Iterator[Finding]:
    """``EDGE_BASE_URL`` answers as the edge does."""
    url = settings.EDGE_BASE_URL
    try:
        answer = httpx.get(f"{url}/health", timeout=_TIMEOUT_SECONDS, trust_env=False)
        body = answer.json() if answer.status_code == httpx.codes.OK else {}
    except (httpx.HTTPError, ValueError) as error:
        mend = "EDGE_BASE_URL must be the address that customers use. Is the Worker deployed?"
        yield Finding("edge", "failed", f"{url}: {type(error).__name__}", mend)
        return
    if body.get("status") != "ok":
        says = f"{url}/health answered with status {answer.status_code}"
        yield Finding("edge", "failed", says, "EDGE_BASE_URL points at something else.")
        return
    yield Finding("edge", "ok", f"{url} is up ({body.get('environment')})")
    if not url.startswith("https://") and not settings.DEBUG:
        mend = "Keys travel with every request: serve the edge over HTTPS."
        yield Finding("edge", "warning", f"{url} is not HTTPS", mend)


def check_settings() -> Iterator[Finding]:
    """Hosts, HTTPS, secrets' length and the content security policy."""
    good = True
    for says, mend in _faults():
        good = False
        yield Finding("settings", "warning", says, mend)
    if good:
        yield Finding("settings", "ok", "hosts, cookies, secrets and policy hold together")


def _faults() -> Iterator[tuple[str, str]]:
    if settings.DEBUG:
        yield "DJANGO_DEBUG is on", "Turn it off wherever others can reach the dashboard."
    if "*" in settings.ALLOWED_HOSTS:
        yield "DJANGO_ALLOWED_HOSTS takes any host", "Name the hosts of the dashboard."
    own = urlsplit(settings.DASHBOARD_BASE_URL)
    if not validate_host(own.hostname or "", settings.ALLOWED_HOSTS):
        yield (
            f"{own.hostname} of DASHBOARD_BASE_URL is not in DJANGO_ALLOWED_HOSTS",
            "Add it: links in mail lead there.",
        )
    if own.scheme != "https" and not settings.DEBUG:
        yield "DASHBOARD_BASE_URL is not HTTPS", "Log-in cookies are sent over HTTPS only."
    if not settings.DEBUG and len(settings.SECRET_KEY) < 50:
        yield "DJANGO_SECRET_KEY is short", "Use 50 random characters or more."
    if len(settings.API_KEY_PEPPER) < 32 and not settings.DEBUG:
        yield (
            "API_KEY_PEPPER is shorter than 32 characters",
            "Choose it well before the first key is made: changing it makes every key unusable.",
        )
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    loose = [
        name
        for name in ("default-src", "script-src")
        if {"'unsafe-inline'", "'unsafe-eval'", "*"} & {str(item) for item in directives[name]}
    ]
    if loose:
        yield f"the content security policy is loose in {', '.join(loose)}", "Take it out."
