"""Anomalies, weekly reports, first hits and keys about to expire."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.alerts.services.anomalies import anomaly_alerts_due
from apps.alerts.services.digests import first_hits_due, key_expiries_due, weekly_reports_due
from apps.emails.models import Email, OptOut
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_update
from tests.dashboard.alerts.conftest import Traffic

pytestmark = pytest.mark.django_db
DOLLAR = 1_000_000_000


def _usual_week(traffic: Traffic, **more: int) -> None:
    for day in range(1, 7):
        traffic(100, hour=timezone.now() - timedelta(days=day), **more)


def test_an_hour_far_above_the_week_is_told_once_a_day(traffic: Traffic) -> None:
    with time_machine.travel("2026-03-05T12:20:00Z", tick=False) as clock:
        _usual_week(traffic, cost_nanousd=DOLLAR, errors=2)
        hour = timezone.now() - timedelta(hours=1)
        traffic(100, hour=hour, cost_nanousd=3 * DOLLAR, errors=19)
        assert anomaly_alerts_due() == 0  # three times is not above three times
        traffic(100, hour=hour, cost_nanousd=DOLLAR, errors=1)
        assert (anomaly_alerts_due(), anomaly_alerts_due()) == (2, 0)
        texts = {email.subject: email.text for email in Email.objects.filter(message="anomaly")}
        assert "$4.00" in texts["Unusual spend in Acme"]
        assert "In that hour: 20" in texts["Unusual errors in Acme"]
        clock.shift(timedelta(hours=1))
        traffic(100, hour=hour + timedelta(hours=1), cost_nanousd=50 * DOLLAR)
        assert anomaly_alerts_due() == 0  # the same day


def test_pocket_money_and_the_first_days_are_no_anomaly(traffic: Traffic) -> None:
    with time_machine.travel("2026-03-05T12:20:00Z", tick=False):
        hour = timezone.now() - timedelta(hours=1)
        traffic(1, hour=hour, cost_nanousd=100 * DOLLAR)
        assert anomaly_alerts_due() == 0
        _usual_week(traffic, cost_nanousd=1)
        assert anomaly_alerts_due() == 1


def test_the_weekly_report_counts_monday_to_sunday_and_comes_once(
    traffic: Traffic, organization: Organization
) -> None:
    with time_machine.travel("2026-03-09T06:59:00Z", tick=False) as clock:  # a Monday
        monday = timezone.now() - timedelta(days=7)
        traffic(60, hour=monday, cost_nanousd=2 * DOLLAR)
        traffic(40, hour=monday, cache_status="HIT", saved_nanousd=3 * DOLLAR)
        traffic(900, hour=monday, cache_status="REFUSED")
        traffic(999, hour=monday - timedelta(days=1))
        traffic(999)
        assert weekly_reports_due() == 0
        clock.shift(timedelta(minutes=1))
        assert (weekly_reports_due(), weekly_reports_due()) == (1, 0)
        clock.shift(timedelta(days=4))
        assert weekly_reports_due() == 0
    report = Email.objects.get(message="weekly_report")
    assert report.subject == "Acme saved $3.00 last week"
    assert "2 March 2026 to 8 March 2026" in report.text
    assert "From the cache: 40.0%" in report.text
    assert "List-Unsubscribe" in report.headers


def test_a_person_can_do_without_the_report(traffic: Traffic, owner: User) -> None:
    OptOut.objects.create(user=owner, kind="weekly_report")
    with time_machine.travel("2026-03-09T08:00:00Z", tick=False):
        traffic(1, hour=timezone.now() - timedelta(days=3))
        weekly_reports_due()
    assert not Email.objects.filter(message="weekly_report").exists()


def test_the_first_hit_is_celebrated_once(traffic: Traffic, project: Project) -> None:
    traffic(1)
    assert first_hits_due() == 0
    traffic(1, cache_status="HIT-SEMANTIC")
    assert (first_hits_due(), first_hits_due()) == (1, 0)
    assert "Search of Acme" in Email.objects.get(message="first_hit").text.replace("\n", " ")


def test_a_key_is_told_of_a_week_before_it_expires(created_key: CreatedApiKey) -> None:
    with time_machine.travel("2026-03-05T12:00:00Z", tick=False) as clock:
        expires = timezone.now() + timedelta(days=8)
        api_key_update(api_key=created_key.api_key, actor=None, expires_at=expires)
        assert key_expiries_due() == 0
        clock.shift(timedelta(days=1))
        assert (key_expiries_due(), key_expiries_due()) == (1, 0)
        later = expires + timedelta(days=2)
        api_key_update(api_key=created_key.api_key, actor=None, expires_at=later)
        clock.shift(timedelta(days=2))
        assert key_expiries_due() == 1
