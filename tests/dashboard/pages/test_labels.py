"""The Labels pages: sums by label, and the requests of one value, their export and deletion."""

import csv
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.audit.models import AuditLog
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_create
from apps.usage import period, reports
from apps.usage.label_latency import MOST_ROWS, label_latencies
from apps.usage.label_reports import DRAWN, LISTED
from apps.usage.models import LabelHourly, UsageHourly, UsageLog
from apps.usage.request_log import PAGE
from apps.usage.rollup import usage_rollup
from shared import labels
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def logs(created_key: CreatedApiKey) -> list[UsageLog]:
    """Sixty users, of whom the first ask most, and a request of nobody."""
    key = created_key.api_key
    rows = [
        usage_row(
            key,
            ts=NOW - timedelta(hours=user % 30, minutes=number),
            labels={"user": f"u{user}", "env": "prod"},
            cache_status=("MISS", "HIT", "REFUSED")[number % 3],
            cost_nanousd=(60 - user) * 10,
            saved_nanousd=7,
            latency_ms=100 + user,
        )
        for user in range(60)
        for number in range(1 + (user < 10) * 3)
    ]
    rows.append(usage_row(key, ts=NOW, cost_nanousd=1_000))
    UsageLog.objects.bulk_create(rows)
    usage_rollup()
    return rows


def test_the_largest_values_and_the_rest(cast: Cast, home: str, logs: list[UsageLog]) -> None:
    page = cast.viewer.get(f"{home}labels/?label=user&metric=cost")
    report = page.context["report"]
    assert [each.value for each in report.values[:3]] == ["u0", "u1", "u2"]
    assert len(report.values) == LISTED
    of_user = [log for log in logs if (log.labels or {}).get("user") == "u0"]
    first = report.values[0]
    assert first.sums.requests == len(of_user) == 4
    assert first.sums.cost_nanousd == sum(log.cost_nanousd or 0 for log in of_user)
    assert first.sums.hit_rate == 1 / 3  # one of four was refused
    assert (first.latency.p50, first.latency.p95) == (100, 100)
    labelled = [log for log in logs if log.labels]
    assert report.total.cost_nanousd == sum(log.cost_nanousd or 0 for log in labelled)
    assert report.total == reports.add(each.sums for each in report.values) + report.other
    assert page.context["unlabelled"].cost_nanousd == 1_000
    assert page.context["everything"].requests == len(logs)
    drawn = page.context["chart"].series
    assert [one.label for one in drawn] == [f"u{number}" for number in range(DRAWN)] + ["Other"]
    assert sum(one.total for one in drawn) == report.total.cost_nanousd


def test_few_queries_however_many_values(
    cast: Cast, home: str, logs: list[UsageLog], django_assert_max_num_queries: Any
) -> None:
    cast.viewer.get(f"{home}labels/")
    with django_assert_max_num_queries(18):  # 13, and where more than 3 s passed a refresh's
        cast.viewer.get(f"{home}labels/?period=30d")


def test_a_label_that_is_not_charted_is_not_summed(
    cast: Cast, home: str, logs: list[UsageLog]
) -> None:
    assert not LabelHourly.objects.filter(name="env").exists()
    assert cast.viewer.get(f"{home}labels/?label=env").context["name"] == "user"
    Project.objects.update(charted_labels=[])
    assert "No label is charted" in cast.viewer.get(f"{home}labels/").content.decode()


def test_a_session_is_told_in_its_order_with_its_cost_so_far(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    count = PAGE + 3
    UsageLog.objects.bulk_create(
        usage_row(
            created_key.api_key,
            ts=NOW + timedelta(seconds=number // 3),
            labels={"session": "s-1"},
            cost_nanousd=None if number == 1 else number + 1,
        )
        for number in reversed(range(count))
    )
    first = cast.viewer.get(f"{home}labels/value/?label=session&value=s-1")
    log = first.context["log"]
    assert log.sums.requests == count
    costs = [step.log.cost_nanousd or 0 for step in log.steps]
    second = cast.viewer.get(f"{home}labels/value/{first.context['later']}")
    costs += [step.log.cost_nanousd or 0 for step in second.context["log"].steps]
    steps = [*log.steps, *second.context["log"].steps]
    assert len({step.log.pk for step in steps}) == count
    assert [step.log.ts for step in steps] == sorted(step.log.ts for step in steps)
    assert [step.cost_so_far for step in steps] == [
        sum(costs[: position + 1]) for position in range(count)
    ]
    assert steps[-1].cost_so_far == log.sums.cost_nanousd
    assert second.context["later"] == ""


def test_a_user_is_found_by_the_id_that_the_caller_sent(
    cast: Cast, home: str, project: Project, created_key: CreatedApiKey
) -> None:
    name = labels.pseudonym(project.data_key_salt, "ada@example.com")
    usage_row(created_key.api_key, labels={"user": name}).save()
    usage_row(created_key.api_key, labels={"user": "plain-7"}).save()
    for typed, value in (("ada@example.com", name), ("plain-7", "plain-7")):
        page = cast.viewer.get(f"{home}labels/", {"label": "user", "find": typed}, follow=True)
        assert page.context["value"] == value
        assert page.context["log"].sums.requests == 1


@pytest.mark.parametrize(
    "query", ["", "?label=user", "?label=7&value=x", "?label=user&value=", "?label=user&value=%00"]
)
def test_what_cannot_be_a_label_is_not_found(cast: Cast, home: str, query: str) -> None:
    assert cast.owner.get(f"{home}labels/value/{query}").status_code == 404
    assert cast.owner.get(f"{home}labels/value/requests.csv{query}").status_code == 404


def test_the_details_of_a_request_lead_to_its_labels(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    log = usage_row(created_key.api_key, labels={"user": "a&b <i>"})
    log.save()
    page = cast.viewer.get(f"{home}requests/{log.pk}/").content.decode()
    assert "label=user&value=a%26b%20%3Ci%3E" in page
    assert "<i>" not in page


def test_the_export_has_all_of_one_value_and_nothing_else(
    cast: Cast, home: str, logs: list[UsageLog]
) -> None:
    url = f"{home}labels/value/requests.csv?label=user&value=u0"
    assert cast.member.get(url).status_code == 403
    response = cast.admin.get(url)
    text = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
    found = list(csv.DictReader(text.splitlines()))
    assert len(found) == 4
    assert {line["labels"] for line in found} == {'{"user": "u0", "env": "prod"}'}


def test_deleting_a_value_leaves_the_projects_sums_and_other_peoples_rows(
    cast: Cast, home: str, project: Project, logs: list[UsageLog]
) -> None:
    other = Project.objects.exclude(pk=project.pk).get(organization__name="Other")
    theirs = api_key_create(project=other, name="Theirs", actor=None).api_key
    usage_row(theirs, labels={"user": "u0"}, ts=NOW).save()
    usage_row(logs[0].api_key, labels={"user": "u0"}, ts=NOW, cost_nanousd=5).save()
    url = f"{home}labels/value/delete/"
    form = {"label": "user", "value": "u0", "confirmation": "u0"}
    assert cast.member.post(url, form).status_code == 403
    cast.admin.post(url, form | {"confirmation": "u1"})
    assert UsageLog.objects.filter(project=project).count() == len(logs) + 1
    usage_rollup()
    before = sum(UsageHourly.objects.values_list("cost_nanousd", flat=True))
    done = cast.admin.post(url, form, follow=True)
    assert "Deleted 5 requests" in done.content.decode()
    kept = UsageLog.objects.filter(project=project)
    assert kept.count() == len(logs) - 4
    assert not [log for log in kept if (log.labels or {}).get("user") == "u0"]
    assert not LabelHourly.objects.filter(project=project, name="user", value="u0").exists()
    assert LabelHourly.objects.filter(project=other, value="u0").exists()
    assert UsageLog.objects.filter(project=other).count() == 1
    assert sum(UsageHourly.objects.values_list("cost_nanousd", flat=True)) == before
    entry = AuditLog.objects.get(action="label.erase")
    assert entry.data == {"label": "user", "requests": 5}
    assert timezone.now() == NOW


LIMITS = {
    "label": "user",
    "requests_per_minute": "60",
    "budget_nanousd": "0.05",
    "period": "month",
    "most_values": "500",
}


def test_admins_limit_a_label(cast: Cast, home: str, project: Project) -> None:
    revision = project.edge_revision
    page = cast.admin.post(f"{home}labels/limits/", LIMITS, follow=True)
    assert "Saved." in page.content.decode()
    project.refresh_from_db()
    assert project.label_limits == {
        "label": "user",
        "requests_per_minute": 60,
        "budget_nanousd": 50_000_000,
        "period": "month",
        "most_values": 500,
    }
    assert project.edge_revision > revision
    form = cast.owner.get(f"{home}labels/limits/").context["form"]
    assert form["budget_nanousd"].value() == "0.05"
    cast.admin.post(f"{home}labels/limits/", LIMITS | {"label": ""})
    project.refresh_from_db()
    assert project.label_limits is None
    for client in (cast.member, cast.viewer):
        assert client.get(f"{home}labels/limits/").status_code == 403
        assert "labels/limits/" not in client.get(f"{home}labels/").content.decode()


def test_sums_of_a_limited_label_are_kept(cast: Cast, home: str, project: Project) -> None:
    project.charted_labels = ["app"]
    project.save()
    cast.admin.post(f"{home}labels/limits/", LIMITS | {"label": "team"})
    project.refresh_from_db()
    assert project.charted_labels == ["app", "team"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"label": "7"}, "A letter, then"),
        ({"requests_per_minute": "", "budget_nanousd": ""}, "Set a number of requests"),
        ({"requests_per_minute": "0"}, "greater than or equal to 1"),
        ({"most_values": "100001"}, "less than or equal to 100000"),
        ({"period": "year"}, "Select a valid choice"),
        ({"label": "sixth"}, "Sums are kept of 5 labels"),
    ],
)
def test_limits_that_cannot_be(
    cast: Cast, home: str, project: Project, changes: dict[str, str], why: str
) -> None:
    project.charted_labels = ["user", "a", "b", "c", "d"]
    project.save()
    page = cast.admin.post(f"{home}labels/limits/", LIMITS | changes)
    assert page.status_code == 200
    assert why in page.content.decode()
    project.refresh_from_db()
    assert project.label_limits is None


@pytest.mark.parametrize("span", ["day", "month"])
def test_the_page_of_a_value_tells_its_budget(
    cast: Cast, home: str, project: Project, created_key: CreatedApiKey, span: str
) -> None:
    cast.admin.post(f"{home}labels/limits/", LIMITS | {"period": span})
    for ago, cost in ((1, 10_000_000), (26, 20_000_000), (24 * 40, 500_000_000)):
        usage_row(
            created_key.api_key,
            ts=NOW - timedelta(hours=ago),
            labels={"user": "ada"},
            cost_nanousd=cost,
        ).save()
    usage_rollup()
    standing = cast.viewer.get(f"{home}labels/value/?label=user&value=ada").context["standing"]
    assert standing.spent_nanousd == (10_000_000 if span == "day" else 30_000_000)
    assert standing.percent == (20 if span == "day" else 60)
    page = cast.viewer.get(f"{home}labels/value/?label=env&value=prod")
    assert page.context["standing"] is None


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 40])
def test_percentiles_of_a_value(
    cast: Cast, home: str, created_key: CreatedApiKey, count: int
) -> None:
    """The smallest latency that so many percent do not exceed; refused requests are left out."""
    key = created_key.api_key
    times = [(number * 7919) % 1_000 for number in range(count)]
    rows = [
        usage_row(key, ts=NOW - timedelta(hours=1), labels={"user": "ada"}, latency_ms=each)
        for each in times
    ]
    rows.append(
        usage_row(
            key,
            ts=NOW - timedelta(hours=1),
            labels={"user": "ada"},
            latency_ms=9_999,
            cache_status="REFUSED",
        )
    )
    rows.append(usage_row(key, ts=NOW, labels={"user": "grace"}, latency_ms=5))
    UsageLog.objects.bulk_create(rows)
    usage_rollup()
    told = {
        each.value: each.latency
        for each in cast.viewer.get(f"{home}labels/?label=user").context["report"].values
    }
    ordered = sorted(times)
    expected = ordered[math.ceil(count * 0.5) - 1], ordered[math.ceil(count * 0.95) - 1]
    assert (told["ada"].p50, told["ada"].p95) == expected
    assert (told["grace"].p50, told["grace"].p95) == (5, 5)
    log = cast.viewer.get(f"{home}labels/value/?label=user&value=ada").context["log"]
    assert (log.latency.p50, log.latency.p95) == expected


def test_too_many_rows_have_no_percentiles(project: Project) -> None:
    shown = period.parse({}, now=NOW, zone=UTC)
    assert label_latencies(project, shown, "user", {"ada": MOST_ROWS + 1}) == {}


def test_sums_by_label_agree_with_the_overview_to_the_cent(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    rows = [
        usage_row(
            created_key.api_key,
            ts=NOW - timedelta(hours=number),
            labels={"user": f"u{number % 3}"},
            prompt_cache_nanousd=(-1) ** number * number * 1_000,
            cost_nanousd=number * 10,
        )
        for number in range(12)
    ]
    UsageLog.objects.bulk_create(rows)
    usage_rollup()
    page = cast.viewer.get(f"{home}labels/?label=user").context
    assert page["report"].total == page["everything"]
    assert page["everything"].prompt_cache_overpaid_nanousd == sum(range(1, 12, 2)) * 1_000
    value = cast.viewer.get(f"{home}labels/value/?label=user&value=u1").context["log"].sums
    listed = {each.value: each.sums for each in page["report"].values}["u1"]
    assert (value.prompt_cache_saved_nanousd, value.prompt_cache_overpaid_nanousd) == (
        listed.prompt_cache_saved_nanousd,
        listed.prompt_cache_overpaid_nanousd,
    )
