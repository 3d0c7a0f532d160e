"""``manage.py doctor``: each check against a service that works, refuses, is away or is wrong."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from aiohttp import web
from django.core.management import call_command

from apps.billing.services.catalog import catalog_sync
from apps.projects.encryption import seal
from apps.projects.models import Project, ProviderCredential
from apps.projects.services.api_keys import CreatedApiKey
from apps.staff.doctor import redis, secrets, site, supabase, vendors
from apps.staff.doctor.findings import Check, Finding
from apps.staff.doctor.run import CHECKS, findings
from shared import api_keys
from tests.doubles.mailgun import MailgunDouble
from tests.doubles.openai_api import OpenAIDouble
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.server import Double
from tests.doubles.stripe_api import StripeDouble
from tests.doubles.upstash import UpstashDouble


class EdgeDouble(Double):
    """Answers /health as the edge does, and a table to whoever asks for it."""

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.path == "/health":
            return web.json_response({"status": "ok", "environment": "test"})
        return web.json_response([])


@pytest.fixture
def postgrest(settings: Any) -> Iterator[PostgrestDouble]:
    with PostgrestDouble("sb_publishable_1") as double:
        settings.SUPABASE_URL = double.url
        settings.SUPABASE_KEY = double.key
        settings.SUPABASE_API_KEY = double.api_key
        yield double


@pytest.fixture
def edge(settings: Any) -> Iterator[EdgeDouble]:
    with EdgeDouble() as double:
        settings.EDGE_BASE_URL = double.url
        yield double


def statuses(check: Check) -> list[str]:
    return [finding.status for finding in check()]


def only(check: Check) -> Finding:
    (finding,) = check()
    return finding


# --- Supabase ---


def test_supabase_as_the_worker_uses_it(postgrest: PostgrestDouble) -> None:
    assert statuses(supabase.check) == ["ok", "ok", "ok"]
    assert postgrest.calls("resolve_api_key") == 1
    sent = postgrest.requests[0].headers
    assert sent["apikey"] == "sb_publishable_1"
    assert sent["authorization"] == f"Bearer {postgrest.key}"
    assert postgrest.usage_logs == []


def test_a_jwt_that_supabase_refuses(postgrest: PostgrestDouble, settings: Any) -> None:
    settings.SUPABASE_KEY = "another.jwt"
    finding = only(supabase.check)
    assert finding.status == "failed"
    assert "watchllm_edge" in finding.mend
    assert "another.jwt" not in repr(finding)


def test_a_key_that_may_read(edge: EdgeDouble, settings: Any) -> None:
    settings.SUPABASE_URL = edge.url  # answers everything, as the service key would have it
    settings.SUPABASE_KEY = settings.SUPABASE_API_KEY = "service.key.jwt"
    finding = list(supabase.check())[-1]
    assert finding.status == "failed"
    assert "usage_logs" in finding.says
    assert "service key" in finding.mend


def test_supabase_away(postgrest: PostgrestDouble) -> None:
    postgrest.break_with("refused")
    assert only(supabase.check).status == "failed"


def test_supabase_not_set(settings: Any) -> None:
    settings.SUPABASE_URL = ""
    assert only(supabase.check).status == "skipped"


# --- Redis ---


def test_redis_runs_scripts_by_hash(upstash: UpstashDouble) -> None:
    assert only(redis.check).status in ("ok", "warning")  # a warning on a very slow machine
    assert [command[0] for command in upstash.commands()] == ["SCRIPT"] + ["EVALSHA"] * 5


def test_a_wrong_token(upstash: UpstashDouble, settings: Any) -> None:
    settings.UPSTASH_REDIS_REST_TOKEN = "wrong"
    finding = only(redis.check)
    assert finding.status == "failed"
    assert "UPSTASH_REDIS_REST_TOKEN" in finding.mend


def test_redis_away(upstash: UpstashDouble) -> None:
    upstash.break_with("refused")
    assert only(redis.check).status == "failed"


# --- secrets ---


def credential(project: Project, envelope: str) -> None:
    ProviderCredential.objects.create(
        project=project, provider="openai", envelope=envelope, last4="last"
    )


def test_stored_provider_keys_open(project: Project, settings: Any) -> None:
    keys = settings.ENCRYPTION_KEYS
    credential(project, seal("sk-1", project_id=str(project.id), keys=keys))
    assert only(secrets.check_encryption).status == "ok"


def test_a_lost_encryption_key(project: Project) -> None:
    credential(project, seal("sk-1", project_id=str(project.id), keys={"gone": bytes(32)}))
    finding = only(secrets.check_encryption)
    assert (finding.status, "1 of 1" in finding.says) == ("failed", True)


def test_the_pepper(created_key: CreatedApiKey, settings: Any) -> None:
    def status(key: str) -> tuple[str, str]:
        finding = only(lambda: secrets.check_api_key(key))
        assert key not in repr(finding)
        return finding.status, finding.says

    assert status(created_key.plaintext)[0] == "ok"
    assert "not in this database" in status(api_keys.generate())[1]
    assert "mistyped" in status(created_key.plaintext[:-1])[1]
    settings.API_KEY_PEPPER = b"another"
    assert "another pepper" in status(created_key.plaintext)[1]


# --- vendors ---


def test_provider_keys(settings: Any) -> None:
    with OpenAIDouble() as openai:
        settings.PLATFORM_PROVIDERS = {
            "openai": (openai.key, openai.base_url),
            "groq": ("gsk_wrong", openai.base_url),
        }
        found = list(vendors.check_providers())
        assert [finding.status for finding in found] == ["ok", "failed"]
        assert "GROQ_API_KEY" in found[1].mend
        openai.break_with("refused")
        assert statuses(vendors.check_providers) == ["failed", "failed"]
    settings.PLATFORM_PROVIDERS = {}
    assert statuses(vendors.check_providers) == ["skipped"]


@pytest.mark.django_db
def test_stripe(settings: Any) -> None:
    settings.STRIPE_SECRET_KEY = ""
    assert statuses(vendors.check_stripe) == ["skipped"]
    with StripeDouble() as stripe:
        settings.STRIPE_API_BASE = stripe.url
        settings.STRIPE_SECRET_KEY = stripe.key
        found = list(vendors.check_stripe())  # works, but is a test key, and nothing is sold yet
        assert [finding.status for finding in found] == ["warning", "warning"]
        assert "create product watchllm_pro" in found[1].says
        catalog_sync(dry_run=False)
        assert only(vendors.check_stripe).status == "warning"
        settings.STRIPE_SECRET_KEY = "sk_test_wrong"
        assert only(vendors.check_stripe).status == "failed"


def test_mailgun(settings: Any) -> None:
    settings.MAILGUN_API_KEY = ""
    assert statuses(vendors.check_mailgun) == ["skipped"]
    with MailgunDouble() as mailgun:
        settings.MAILGUN_BASE_URL = mailgun.url
        settings.MAILGUN_DOMAIN = mailgun.domain
        settings.MAILGUN_API_KEY = mailgun.key
        assert only(vendors.check_mailgun).status == "ok"
        settings.MAILGUN_API_KEY = "wrong"
        assert only(vendors.check_mailgun).status == "failed"


# --- the site ---


@pytest.mark.django_db
def test_the_database() -> None:
    found = list(site.check_database())
    assert found[0].status == "ok"
    assert [finding.status for finding in found[1:]] == ["warning"]  # SQLite, and not debugging


def test_the_edge(edge: EdgeDouble, settings: Any) -> None:
    assert next(site.check_edge()).status == "ok"
    edge.break_with("error", status=404)
    assert "something else" in only(site.check_edge).mend
    edge.break_with("refused")
    assert only(site.check_edge).status == "failed"


def sound(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["app.example.com"]
    settings.DASHBOARD_BASE_URL = "https://app.example.com"
    settings.SECRET_KEY = "s" * 50
    settings.API_KEY_PEPPER = b"p" * 32


def test_sound_settings(settings: Any) -> None:
    sound(settings)
    assert statuses(site.check_settings) == ["ok"]


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ALLOWED_HOSTS", ["*"], "any host"),
        ("ALLOWED_HOSTS", ["other.example.com"], "is not in DJANGO_ALLOWED_HOSTS"),
        ("DASHBOARD_BASE_URL", "http://app.example.com", "not HTTPS"),
        ("SECRET_KEY", "short", "short"),
        ("API_KEY_PEPPER", b"short", "shorter than 32"),
        ("DEBUG", True, "DJANGO_DEBUG"),
        (
            "CONTENT_SECURITY_POLICY",
            {"DIRECTIVES": {"default-src": ["'none'"], "script-src": ["'unsafe-inline'"]}},
            "loose in script-src",
        ),
    ],
)
def test_a_setting_that_is_not(settings: Any, name: str, value: Any, says: str) -> None:
    sound(settings)
    setattr(settings, name, value)
    finding = only(site.check_settings)
    assert finding.status == "warning"
    assert says in finding.says


# --- the command ---


def run(**options: Any) -> tuple[int, str]:
    output = StringIO()
    try:
        call_command("doctor", stdout=output, **options)
    except SystemExit as error:
        return int(str(error.code)), output.getvalue()
    return 0, output.getvalue()


@pytest.mark.django_db
def test_the_command(
    postgrest: PostgrestDouble, upstash: UpstashDouble, edge: EdgeDouble, settings: Any
) -> None:
    settings.PLATFORM_PROVIDERS = {}
    code, text = run()
    assert code == 0
    assert all(f" {name}: " in text for name in CHECKS)
    upstash.break_with("refused")
    code, text = run(json=True)
    found = {item["check"]: item for item in json.loads(text)}
    assert code == 1
    assert found["redis"]["status"] == "failed"
    assert found["redis"]["mend"]
    for secret in (postgrest.key, upstash.token, settings.SECRET_KEY):
        assert secret not in text


@pytest.mark.django_db
def test_a_check_left_out(edge: EdgeDouble, settings: Any) -> None:
    edge.break_with("refused")
    settings.PLATFORM_PROVIDERS = {}
    assert run(skip=["edge"])[0] == 0
    assert run()[0] == 1


def test_a_check_that_breaks_hides_no_other(settings: Any) -> None:
    """Without a database: those that need it fail, and the rest still reports."""
    checks = [finding.check for finding in findings(api_key="")]
    assert set(CHECKS) <= set(checks)


def test_a_process_that_examines_nothing_does_not_load_the_checks() -> None:
    """They import a client of every service: half of the time in which a process starts."""
    code = (
        "import django, sys; django.setup(); print([*filter(sys.modules.__contains__, sys.argv)])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code, "apps.staff.models", "apps.staff.doctor.run", "supabase"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    assert loaded.stdout == "['apps.staff.models']\n"
