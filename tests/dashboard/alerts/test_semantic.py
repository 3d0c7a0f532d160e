"""The bound on wrong semantic hits: from the edge's checks to one message for each crossing."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.alerts.services.semantic import exceeded, semantic_alerts_due
from apps.emails.models import Email, OptOut
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.services.projects import project_archive
from apps.usage.models import SemanticHourly, UsageLog
from apps.usage.rollup import usage_rollup
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from shared.decision.evidence import OWN_WEIGHT, estimate
from shared.decision.modes import MODES, Mode
from tests.dashboard.usage_rows import usage_row
from tests.dashboard.webhooks.samples import documented

pytestmark = pytest.mark.django_db
STRICT = 0.01


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel("2026-03-20T12:00:00Z", tick=False) as travel:
        yield travel


@pytest.fixture
def endpoint(organization: Organization) -> WebhookEndpoint:
    return WebhookEndpoint.objects.create(
        organization=organization,
        url="https://x.example/",
        events=["semantic.error_bound_exceeded"],
    )


def _checks(project: Project, checked: int, wrong: int, mode: str = "strict") -> None:
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    found, created = SemanticHourly.objects.get_or_create(
        project=project,
        hour=today,
        mode=mode,
        defaults={"hits": checked * 20, "checked": checked, "wrong": wrong},
    )
    if not created:
        SemanticHourly.objects.filter(pk=found.pk).update(
            checked=found.checked + checked, wrong=found.wrong + wrong
        )


@pytest.mark.parametrize(
    ("differed", "checked", "mode", "expected"),
    [
        (0, 10, MODES["strict"], None),
        (0, OWN_WEIGHT, MODES["strict"], False),
        (2, 10, MODES["strict"], None),
        (3, 10, MODES["strict"], True),
        (3, 10, MODES["balanced"], None),
        # Two fresh answers to one prompt differ in some 2 % of cases as well.
        (23, 1_000, MODES["strict"], False),
        (60, 1_000, MODES["strict"], True),
    ],
)
def test_what_differs_more_often_than_resamples_do_is_expected_to_be_wrong(
    differed: int, checked: int, mode: Mode, expected: bool | None
) -> None:
    assert exceeded(differed, checked, mode) is expected


def test_from_the_edges_rows_to_the_webhook_and_the_message(
    created_key: CreatedApiKey, project: Project, endpoint: WebhookEndpoint
) -> None:
    served = {"mode": "strict", "served": True}
    outcomes = [
        *(served | {"agreed": True} for _ in range(7)),
        *(served | {"agreed": False} for _ in range(3)),
        served,  # not sampled
    ]
    rows = [
        usage_row(
            created_key.api_key,
            ts=timezone.now(),
            cache_status="HIT-SEMANTIC",
            decision=decision,
        )
        for decision in outcomes
    ]
    # What a miss taught about a candidate that was not served is no wrong hit.
    rows.append(
        usage_row(
            created_key.api_key,
            ts=timezone.now(),
            decision={"mode": "strict", "served": False, "agreed": False},
        )
    )
    UsageLog.objects.bulk_create(rows)
    assert semantic_alerts_due() == 0
    usage_rollup()
    assert semantic_alerts_due() == 1
    data = json.loads(WebhookDelivery.objects.get().body)["data"]
    assert data == {
        "project_id": str(project.pk),
        "mode": "strict",
        "target_error": STRICT,
        "error_bound": round(estimate(3, 10, MODES["strict"].prior).upper, 4),
        "checked": 10,
        "wrong": 3,
        "window_days": 30,
    }
    assert data.keys() == documented("semantic.error_bound_exceeded").keys()
    message = Email.objects.get(message="semantic_bound")
    assert "3 of 10" in message.text
    assert "List-Unsubscribe" in message.headers


def test_each_crossing_is_told_once(project: Project, endpoint: WebhookEndpoint) -> None:
    _checks(project, 600, 0)
    assert semantic_alerts_due() == 0
    _checks(project, 40, 40)
    assert [semantic_alerts_due() for _ in range(3)] == [1, 0, 0]
    _checks(project, 10, 1)
    assert semantic_alerts_due() == 0  # worse, and known already
    _checks(project, 2_000, 0)
    assert semantic_alerts_due() == 0  # back under the target: nothing to tell
    _checks(project, 200, 180)
    assert semantic_alerts_due() == 1
    assert WebhookDelivery.objects.count() == 2
    assert Email.objects.filter(message="semantic_bound").count() == 2


def test_too_few_checks_do_not_end_what_was_exceeded(
    project: Project, endpoint: WebhookEndpoint, clock: Any
) -> None:
    _checks(project, 10, 3)
    assert semantic_alerts_due() == 1
    clock.shift(timedelta(days=40))  # nothing of the thirty days is left
    assert semantic_alerts_due() == 0
    _checks(project, 5, 0)
    assert semantic_alerts_due() == 0
    _checks(project, 10, 3)
    assert semantic_alerts_due() == 0


def test_modes_are_held_against_their_own_target(
    project: Project, endpoint: WebhookEndpoint
) -> None:
    _checks(project, 1_000, 55, "balanced")
    assert semantic_alerts_due() == 0
    _checks(project, 1_000, 55)
    assert semantic_alerts_due() == 1
    assert "Mode: strict" in Email.objects.get(message="semantic_bound").text


def test_the_window_has_thirty_days(project: Project, clock: Any) -> None:
    _checks(project, 10, 3)
    clock.shift(timedelta(days=30))
    assert semantic_alerts_due() == 0
    clock.shift(timedelta(days=-1))
    assert semantic_alerts_due() == 1


def test_who_is_not_told(project: Project, owner: User, endpoint: WebhookEndpoint) -> None:
    OptOut.objects.create(user=owner, kind="anomalies")
    _checks(project, 10, 3)
    project_archive(project=project, actor=None)
    assert semantic_alerts_due() == 0
    Project.objects.update(archived_at=None)
    assert semantic_alerts_due() == 1
    assert not Email.objects.filter(message="semantic_bound").exists()
    assert WebhookDelivery.objects.count() == 1


def test_staff_see_what_crossed(
    project: Project, endpoint: WebhookEndpoint, staff_client: Client
) -> None:
    _checks(project, 10, 3)
    semantic_alerts_due()
    page = staff_client.get("/admin/alerts/semanticbound/")
    assert project.name in page.content.decode()
