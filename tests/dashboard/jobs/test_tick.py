"""Scheduled work: once when due, by one machine, and a signal when it stops."""

import dataclasses
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.registry import JOBS, Job
from apps.jobs.repeated import repeated
from apps.jobs.services import claim_renew, late_jobs, tick
from tests.worker.edge import until

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


class Counter:
    """A job that counts its runs, and fails while told to."""

    def __init__(self) -> None:
        self.runs = 0
        self.broken = False

    def __call__(self) -> int:
        self.runs += 1
        if self.broken:
            raise RuntimeError("no luck")
        return self.runs


def test_a_job_runs_when_it_is_due_and_not_before() -> None:
    counter = Counter()
    jobs = (Job("count", counter, 10 * MINUTE),)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        assert tick(jobs=jobs) == ["count: 1"]
        assert tick(jobs=jobs) == []
        clock.shift(9 * MINUTE)
        assert tick(jobs=jobs) == []
        clock.shift(timedelta(seconds=55))  # cron is early by five seconds
        assert tick(jobs=jobs) == ["count: 2"]


def test_while_one_machine_is_at_it_no_other_starts_and_a_dead_one_is_replaced() -> None:
    lines: list[list[str]] = []
    counter = Counter()
    jobs: tuple[Job, ...] = ()

    def run() -> int:
        lines.append(tick(jobs=jobs))  # the other machine, meanwhile
        return counter()

    jobs = (Job("count", run, MINUTE),)
    tick(jobs=jobs)
    assert (lines, counter.runs) == ([[]], 1)
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        JobRun.objects.update(
            last_succeeded_at=None, lease_until=timezone.now() + timedelta(minutes=10)
        )
        assert tick(jobs=jobs) == []
        clock.shift(timedelta(minutes=11))
        assert tick(jobs=jobs) == ["count: 2"]


def test_a_claim_is_renewed_while_the_job_runs_and_no_longer_than_it_may() -> None:
    job = Job("long", Counter(), MINUTE, lease=MINUTE, longest=3 * MINUTE)
    renewed: list[timedelta] = []

    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        began = timezone.now()

        def run() -> str:
            for _ in range(4):
                clock.shift(0.75 * MINUTE)
                assert claim_renew(job, began)
                renewed.append(JobRun.objects.get().lease_until - began)
            clock.shift(MINUTE)  # it hangs, and another machine does the work
            assert tick(jobs=(job,)) == ["long: 1"]
            assert not claim_renew(job, began)
            return "late"

        tick(jobs=(dataclasses.replace(job, run=run),))
    assert renewed == [1.75 * MINUTE, 2.5 * MINUTE, 3 * MINUTE, 3 * MINUTE]
    assert JobRun.objects.get().last_result == "1"


def test_what_is_repeated_ends_with_the_block_or_by_itself() -> None:
    calls: list[bool] = []
    with repeated(lambda: calls.append(True) or True, 0.001, "always"):
        until(lambda: len(calls) > 3, "some calls")
    seen = len(calls)
    with repeated(lambda: bool(calls.append(False)), 0.001, "once"):
        until(lambda: len(calls) > seen, "a call")
        until(lambda: not any(t.name == "once" for t in threading.enumerate()), "its end")
    assert calls == [True] * seen + [False]


def test_a_failure_is_kept_holds_up_nothing_and_is_tried_again() -> None:
    broken, fine = Counter(), Counter()
    broken.broken = True
    jobs = (Job("broken", broken, MINUTE), Job("fine", fine, MINUTE))
    assert tick(jobs=jobs) == ["broken: failed, RuntimeError", "fine: 1"]
    assert JobRun.objects.get(name="broken").last_error == "RuntimeError: no luck"
    broken.broken = False
    assert tick(jobs=jobs) == ["broken: 2"]
    assert JobRun.objects.get(name="broken").last_error == ""


def test_health_tells_when_the_work_stopped(client: Client) -> None:
    assert client.get("/healthz/jobs").status_code == 503
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        call_command("tick")
        assert client.get("/healthz/jobs").json() == {"late": []}
        clock.shift(timedelta(minutes=7))
        assert client.get("/healthz/jobs").status_code == 200
        clock.shift(timedelta(minutes=2))
        answer = client.get("/healthz/jobs")
        assert answer.status_code == 503
        assert "outbox" in answer.json()["late"]
        assert "trial_notices" not in answer.json()["late"]
        assert late_jobs(now=timezone.now(), jobs=()) == []


def test_every_registered_job_runs_on_an_empty_database() -> None:
    assert [line.partition(":")[0] for line in tick()] == [job.name for job in JOBS]
    assert not JobRun.objects.exclude(last_error="").exists()


def test_a_remote_cron_needs_the_token(client: Client, settings: Any) -> None:
    assert client.post("/jobs/tick").status_code == 401
    assert client.post("/jobs/tick", headers={"Authorization": "Bearer "}).status_code == 401
    settings.TICK_TOKEN = "tick-token"
    wrong = client.post("/jobs/tick", headers={"Authorization": "Bearer tick"})
    assert wrong.status_code == 401
    right = client.post("/jobs/tick", headers={"Authorization": "Bearer tick-token"})
    assert right.status_code == 200
    assert len(right.json()["ran"]) == len(JOBS)
