"""Quota and budget alerts: once for each step and month, from the edge's own counter."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from upstash_redis import Redis

from apps.accounts.models import Membership, Organization, Plan, Role, User
from apps.accounts.services.organizations import organization_update
from apps.alerts.services.quota import budget_alerts_due, quota_alerts_due
from apps.emails.models import Email, OptOut
from apps.projects.models import Project
from apps.projects.services.projects import project_update
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from shared import redis_keys
from tests.dashboard.alerts.conftest import Traffic
from tests.dashboard.webhooks.samples import documented

pytestmark = pytest.mark.django_db


def _subjects() -> list[str]:
    return list(
        Email.objects.filter(message__in=["usage_alert", "budget_alert"])
        .order_by("created_at")
        .values_list("subject", flat=True)
    )


def test_each_step_is_told_once_a_month(traffic: Traffic) -> None:
    with time_machine.travel("2026-03-05T12:00:00Z", tick=False) as clock:
        traffic(24_999)
        assert quota_alerts_due() == 0
        traffic(1)
        assert (quota_alerts_due(), quota_alerts_due()) == (1, 0)
        traffic(20_000)  # from 50 to 90 % between two looks: one message, not two
        assert (quota_alerts_due(), quota_alerts_due()) == (1, 0)
        traffic(5_000)
        assert quota_alerts_due() == 1
        assert [subject.split(" has used ")[1] for subject in _subjects()] == [
            "50% of this month's requests",
            "90% of this month's requests",
            "100% of this month's requests",
        ]
        text = Email.objects.get(subject__contains=" 100%").text
        assert "50,000" in text
        assert "1 April 2026" in text
        assert "status 429" in text
        clock.move_to("2026-04-01T00:30:00Z")
        traffic(25_000)
        assert quota_alerts_due() == 1


def test_a_larger_plan_has_steps_of_its_own(traffic: Traffic, organization: Organization) -> None:
    traffic(50_000)
    assert quota_alerts_due() == 1
    organization_update(
        organization=organization, actor=None, plan=Plan.objects.get(slug="starter")
    )
    assert quota_alerts_due() == 0
    traffic(75_000)
    assert quota_alerts_due() == 1


def test_the_edges_counter_decides(
    traffic: Traffic, redis: Redis, organization: Organization
) -> None:
    with time_machine.travel("2026-03-05T12:00:00Z", tick=False):
        traffic(10)
        redis.set(redis_keys.quota(str(organization.pk), "202603"), 45_000)
        assert quota_alerts_due() == 1
    assert "45,000" in Email.objects.get(message="usage_alert").text


def test_without_redis_what_was_refused_uses_nothing_up(traffic: Traffic, settings: Any) -> None:
    settings.UPSTASH_REDIS_REST_URL = ""
    traffic(30_000, quota_requests=24_999)
    assert quota_alerts_due() == 0
    traffic(1)
    assert quota_alerts_due() == 1


def test_who_is_told(traffic: Traffic, organization: Organization, owner: User) -> None:
    for role in (Role.ADMIN, Role.MEMBER):
        user = User.objects.create_user(f"{role}@example.com")
        Membership.objects.create(organization=organization, user=user, role=role)
    OptOut.objects.create(user=owner, kind="usage_alerts")
    traffic(25_000)
    quota_alerts_due()
    alerts = Email.objects.filter(message="usage_alert")
    assert list(alerts.values_list("to", flat=True)) == ["admin@example.com"]


def test_a_budget_is_told_at_80_and_100_percent(traffic: Traffic, project: Project) -> None:
    project_update(project=project, actor=None, monthly_budget_nanousd=10_000_000_000)
    with time_machine.travel("2026-03-05T12:00:00Z", tick=False) as clock:
        traffic(1, cost_nanousd=7_990_000_000)
        assert budget_alerts_due() == 0
        traffic(1, cost_nanousd=10_000_000)
        assert (budget_alerts_due(), budget_alerts_due()) == (1, 0)
        clock.shift(timedelta(hours=1))
        traffic(1, cost_nanousd=2_000_000_000)
        assert budget_alerts_due() == 1
    assert _subjects() == [
        "Search has spent 80% of its budget",
        "Search has spent 100% of its budget",
    ]
    assert "$10.00" in Email.objects.filter(message="budget_alert")[0].text


def test_webhooks_are_told_as_documented(
    traffic: Traffic, project: Project, organization: Organization
) -> None:
    events = ["usage.threshold_reached", "budget.reached"]
    WebhookEndpoint.objects.create(
        organization=organization, url="https://x.example/", events=events
    )
    project_update(project=project, actor=None, monthly_budget_nanousd=10_000_000_000)
    traffic(45_000, cost_nanousd=9_000_000_000)
    assert (quota_alerts_due(), budget_alerts_due()) == (1, 1)
    traffic(1, cost_nanousd=1_000_000_000)
    assert (quota_alerts_due(), budget_alerts_due()) == (0, 1)
    bodies = [json.loads(row.body) for row in WebhookDelivery.objects.order_by("created_at")]
    assert [body["type"] for body in bodies] == events  # a budget is told of when it is spent
    assert all(body["data"].keys() == documented(body["type"]).keys() for body in bodies)
    assert bodies[0]["data"]["percent"] == 90
    assert bodies[1]["data"]["spent_nanousd"] == bodies[1]["data"]["budget_nanousd"]
