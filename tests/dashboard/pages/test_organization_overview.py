"""All projects of an organization, this month, and where the month is heading."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from apps.accounts.models import Organization, User
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_create
from apps.projects.services.projects import project_archive, project_create
from apps.usage.organization_month import forecast
from apps.usage.rollup import usage_rollup
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
PAGE = "/app/acme/-/overview/"
NOW = datetime(2026, 11, 11, tzinfo=UTC)  # a third of the month has passed
DOLLAR = 10**9


@pytest.fixture(autouse=True)
def _clock() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def test_every_project_with_its_forecast_and_budget(
    cast: Cast, organization: Organization, owner: User, created_key: CreatedApiKey
) -> None:
    Project.objects.filter(organization=organization).update(monthly_budget_nanousd=10 * DOLLAR)
    second = project_create(organization=organization, name="Second", actor=owner)
    gone = project_create(organization=organization, name="Gone", actor=owner)
    keys = [
        created_key.api_key,
        api_key_create(project=second, name="k", actor=None).api_key,
        api_key_create(project=gone, name="k", actor=None).api_key,
    ]
    for key, dollars in zip(keys, (8, 1, 2), strict=True):
        for status, cost in (("MISS", dollars * DOLLAR), ("HIT", 0), ("REFUSED", 0)):
            usage_row(
                key, ts=NOW - timedelta(days=2), cache_status=status, cost_nanousd=cost
            ).save()
        usage_row(key, ts=NOW - timedelta(days=20), cost_nanousd=99 * DOLLAR).save()
    project_archive(project=gone, actor=owner)
    usage_rollup()
    page = cast.viewer.get(PAGE)
    month = page.context["month"]
    assert [each.project and each.project.name for each in month.projects] == [
        "Search",
        "Second",
        None,
    ]
    assert [each.sums.cost_nanousd // DOLLAR for each in month.projects] == [8, 1, 2]
    first = month.projects[0]
    assert (first.budget_percent, first.level, first.over_budget) == (80, "warn", True)
    assert first.forecast_nanousd == 24 * DOLLAR
    assert first.sums.hit_rate == 0.5
    assert month.total.cost_nanousd == 11 * DOLLAR
    assert (page.context["used"], month.forecast_requests) == (9, 27)
    text = page.content.decode()
    assert "80% of $10.00" in text
    assert "Archived and deleted projects" in text


def test_an_organization_without_traffic(cast: Cast, project: Project) -> None:
    month = cast.member.get(PAGE).context["month"]
    assert [each.sums.requests for each in month.projects] == [0]
    assert month.total.hit_rate is None


def test_few_queries(
    cast: Cast,
    organization: Organization,
    created_key: CreatedApiKey,
    django_assert_max_num_queries: Any,
) -> None:
    cast.viewer.get(PAGE)
    with django_assert_max_num_queries(12):
        cast.viewer.get(PAGE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 11, 1, 23, tzinfo=UTC), None),
        (datetime(2026, 11, 2, tzinfo=UTC), 3_000),
        (datetime(2026, 11, 16, tzinfo=UTC), 200),
        (datetime(2026, 12, 1, tzinfo=UTC) - timedelta(seconds=1), 100),
    ],
)
def test_a_forecast_goes_on_as_the_month_has_gone(now: datetime, expected: int | None) -> None:
    assert forecast(100, datetime(2026, 11, 1, tzinfo=UTC), now) == expected
