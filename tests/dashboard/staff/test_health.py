"""The staff health page: what it shows, who may examine, and that no secret gets into it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import User
from apps.billing.models import StripeEvent, StripeEventState
from apps.emails.models import Email
from apps.jobs.registry import JOBS, Job
from apps.jobs.services import tick
from apps.projects.services.api_keys import CreatedApiKey
from apps.staff import operations
from apps.staff.doctor.findings import Finding
from apps.staff.doctor.redact import HIDDEN, redacted
from apps.staff.doctor.run import findings
from apps.staff.models import HealthReport
from apps.staff.services.health_report import health_report_request, health_report_run_due
from apps.usage.rollup import usage_rollup
from tests.dashboard.pages.conftest import signed_in
from tests.dashboard.usage_rows import usage_row
from tests.doubles.server import Double

pytestmark = pytest.mark.django_db
PAGE = "/admin/staff/healthreport/"
RUN = f"{PAGE}run/"


class TellTale(Double):
    """A Redis that answers with what it was sent, the token included."""

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return web.json_response({"error": f"ERR token {token} is unknown"}, status=401)


@pytest.fixture
def telltale(settings: Any) -> Iterator[TellTale]:
    with TellTale() as double:
        settings.UPSTASH_REDIS_REST_URL = double.url
        settings.UPSTASH_REDIS_REST_TOKEN = "a-very-secret-token"
        yield double


@pytest.fixture
def viewer(db: None) -> User:
    """Staff who may look at the health page and no more."""
    user = User.objects.create_user("viewer@example.com", "password-1234", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_healthreport"))
    return user


def _age(row: Any, **values: Any) -> None:
    type(row).objects.filter(pk=row.pk).update(**values)


def test_the_page_shows_what_the_doctor_finds(staff: User, staff_client: Client) -> None:
    assert "Never examined" in staff_client.get(PAGE).content.decode()
    assert staff_client.post(RUN)["Location"] == PAGE
    page = staff_client.get(PAGE).content.decode()
    assert "Being examined" in page
    assert 'hx-trigger="every 2s"' in page
    health_report_run_due()
    page = staff_client.get(PAGE).content.decode()
    assert 'hx-trigger="every 2s"' not in page
    assert staff.email in page
    for finding in findings():
        assert finding.check.capitalize() in page
    assert "UPSTASH_REDIS_REST_URL is not set" in page
    assert "changes reach the edge within two minutes" in page


def test_looking_asks_no_service(telltale: TellTale, staff: User, staff_client: Client) -> None:
    health_report_request(actor=staff)
    health_report_run_due()
    asked = len(telltale.requests)
    assert asked > 0
    assert staff_client.get(PAGE).status_code == 200
    assert len(telltale.requests) == asked


def test_a_service_that_repeats_its_secret_is_not_repeated(
    telltale: TellTale, staff: User, staff_client: Client
) -> None:
    health_report_request(actor=staff)
    health_report_run_due()
    (redis,) = [f for f in HealthReport.objects.get().findings if f["check"] == "redis"]
    assert redis["status"] == "failed"
    assert "a-very-secret-token" not in str(HealthReport.objects.get().findings)
    assert HIDDEN in redis["says"]
    assert "a-very-secret-token" not in staff_client.get(PAGE).content.decode()


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("SECRET_KEY", "django-secret-1", "django-secret-1"),
        ("API_KEY_PEPPER", b"pepper-secret-1", "pepper-secret-1"),
        ("STRIPE_WEBHOOK_SECRETS", ("whsec_12345678",), "whsec_12345678"),
        ("PLATFORM_PROVIDERS", {"openai": ("sk-12345678", "")}, "sk-12345678"),
        ("MAILGUN_API_KEY", "mailgun-secret", "mailgun-secret"),
    ],
)
def test_every_kind_of_secret_is_hidden(settings: Any, name: str, value: Any, secret: str) -> None:
    setattr(settings, name, value)
    finding = redacted(Finding("x", "failed", f"refused {secret}", f"replace {secret}"))
    assert (finding.says, finding.mend) == (f"refused {HIDDEN}", f"replace {HIDDEN}")


def test_only_staff_with_the_permission_examine(viewer: User, owner: User) -> None:
    client = signed_in(viewer)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert "Examine now" not in page.content.decode()
    assert client.post(RUN).status_code == 403
    viewer.user_permissions.add(Permission.objects.get(codename="run_doctor"))
    assert "Examine now" in client.get(PAGE).content.decode()
    assert client.get(RUN).status_code == 405
    assert client.post(RUN).status_code == 302
    viewer.user_permissions.clear()
    assert client.get(PAGE).status_code == 403
    assert signed_in(owner).get(PAGE).status_code in (302, 403)
    assert signed_in(owner).post(RUN).status_code in (302, 403)
    assert HealthReport.objects.get().requested_by == viewer


def test_an_examination_runs_once_and_a_dead_process_loses_none(staff: User) -> None:
    assert health_report_run_due() == "not asked for"
    health_report_request(actor=staff)
    health_report_request(actor=staff)
    (job,) = [job for job in JOBS if job.name == "health_report"]
    assert "findings" in tick(jobs=[job])[0]
    assert not HealthReport.objects.get().pending
    assert health_report_run_due() == "not asked for"


def test_jobs_that_do_not_run_stand_first() -> None:
    now = timezone.now()
    jobs = [Job(name, int, timedelta(minutes=1)) for name in ("good", "never", "broken")]
    tick(jobs=[jobs[0], Job("broken", lambda: 1 // 0, timedelta(minutes=1))])
    found = {job.name: job for job in operations.jobs_health(now=now, jobs=jobs)}
    assert list(found) == ["never", "broken", "good"]
    assert [job.status for job in found.values()] == ["failed", "failed", "ok"]
    assert "ZeroDivisionError" in found["broken"].error


def _gauges(now: datetime) -> dict[str, operations.Gauge]:
    found = operations.gauges(now=now, newest=operations.last_usage_row())
    return {gauge.label: gauge for gauge in found}


def test_the_gauges_count_what_waits_and_what_failed(
    staff_client: Client, created_key: CreatedApiKey
) -> None:
    now = timezone.now()
    gauges = _gauges(now)
    waiting = gauges["E-mails waiting"].value
    Email.objects.create(dedupe_key="x", message="welcome", to="a@example.com", next_attempt_at=now)
    _age(Email.objects.get(dedupe_key="x"), next_attempt_at=now - timedelta(hours=1))
    StripeEvent.objects.create(
        id="evt_1",
        type="invoice.paid",
        stripe_created=now,
        payload={},
        state=StripeEventState.FAILED,
        next_attempt_at=now,
    )
    usage_row(created_key.api_key, ts=now).save()
    gauges = _gauges(now)
    mails = gauges["E-mails waiting"]
    assert mails.value == waiting + 1
    assert (mails.status, "the oldest for 60 minutes" in mails.note) == ("warning", True)
    assert gauges["Stripe events failed"].value == 1
    assert gauges["Requests not yet counted"].value == 1
    page = staff_client.get(PAGE).content.decode()
    assert "the oldest for 60 minutes" in page
    assert "MISS on /v1/chat/completions" in page
    for gauge in gauges.values():
        assert staff_client.get(gauge.href).status_code == 200
    usage_rollup()
    gauges = _gauges(now)
    assert gauges["Requests not yet counted"].value == 0


def test_the_page_takes_few_queries_however_much_there_is(
    staff_client: Client, created_key: CreatedApiKey
) -> None:
    for _ in range(30):
        usage_row(created_key.api_key, ts=timezone.now()).save()
    with CaptureQueriesContext(
        connection,
    ) as queries:
        staff_client.get(PAGE)
    assert len(queries) <= 16
