"""``/metrics`` of the dashboard."""

import pytest
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from apps.emails.models import Email, EmailState
from apps.jobs.models import JobRun
from apps.jobs.registry import JOBS
from shared.version import VERSION

pytestmark = pytest.mark.django_db
TOKEN = "scrapers-only"


@pytest.fixture
def token(settings: object) -> str:
    settings.METRICS_TOKEN = TOKEN  # type: ignore[attr-defined]
    return TOKEN


def read(client: Client) -> dict[tuple[str, str], float]:
    """Values by metric and the value of its one label."""
    answer = client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain")
    return {
        (sample.name, *sample.labels.values()): sample.value  # type: ignore[misc]
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def test_without_the_variable_there_is_no_such_page(client: Client) -> None:
    given = {"authorization": "Bearer "}
    assert client.get("/metrics", headers=given).status_code == 404


@pytest.mark.parametrize("given", [{}, {"authorization": "Bearer wrong"}, {"authorization": "é"}])
def test_the_token_is_needed(client: Client, token: str, given: dict[str, str]) -> None:
    answer = client.get("/metrics", headers=given)
    assert answer.status_code == 401
    assert "watchllm_" not in answer.content.decode()


def test_backlogs_failures_and_jobs(client: Client, token: str) -> None:
    now = timezone.now()
    Email.objects.create(
        message="x", to="a@example.com", state=EmailState.QUEUED, next_attempt_at=now
    )
    before = read(client)
    assert before["watchllm_dashboard_build_info", VERSION] == 1
    assert before["watchllm_dashboard_rows", "emails_waiting"] == 1
    assert before["watchllm_dashboard_rows", "stripe_events_failed"] == 0
    job = JOBS[0].name
    assert before["watchllm_job_late", job] == 1
    assert ("watchllm_job_last_success_timestamp_seconds", job) not in before
    JobRun.objects.create(name=job, last_started_at=now, last_succeeded_at=now)
    after = read(client)
    assert after["watchllm_job_late", job] == 0
    found = after["watchllm_job_last_success_timestamp_seconds", job]
    assert found == pytest.approx(now.timestamp())
