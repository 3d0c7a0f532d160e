"""What Overview, Usage and the export show equals a plain count of the log: in every zone, for
every filter, to the nano-dollar.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.accounts.models import Plan
from apps.accounts.services.organizations import organization_create
from apps.projects.models import ApiKey, Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_create
from apps.projects.services.projects import project_create
from apps.usage import filters, freshness, period, reports
from apps.usage.edges import log_begins
from apps.usage.latency import bucket_of, percentile
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from shared.usage_events import CACHE_STATUSES
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row

NOW = datetime(2026, 11, 2, 15, 20, tzinfo=UTC)
ROW = st.fixed_dictionaries(
    {
        # Over both clock changes of the autumn, in Europe and in America.
        "ts": st.timedeltas(timedelta(), timedelta(days=12)).map(
            lambda later: datetime(2026, 10, 22, 20, tzinfo=UTC) + later
        ),
        "cache_status": st.sampled_from(CACHE_STATUSES),
        "model": st.sampled_from(["gpt-4o", "gpt-4o-mini", None]),
        "provider": st.sampled_from(["openai", "groq"]),
        "status": st.sampled_from([200, 429, 502]),
        "prompt_tokens": st.none() | st.integers(0, 10**6),
        "completion_tokens": st.none() | st.integers(0, 10**6),
        "cost_nanousd": st.none() | st.integers(0, 10**12),
        "saved_nanousd": st.none() | st.integers(0, 10**12),
        "prompt_cache_nanousd": st.none() | st.integers(-(10**6), 10**6),
        "latency_ms": st.integers(0, 10**6),
    }
)
ZONES = st.sampled_from(
    [
        *("UTC", "Europe/Berlin", "America/Los_Angeles"),
        *("Asia/Kolkata", "Asia/Kathmandu", "Australia/Lord_Howe"),  # off by parts of an hour
    ]
)
PARAMS = st.sampled_from(
    [
        {"period": "24h"},
        {"period": "7d"},
        {"period": "30d"},
        {"period": "custom", "from": "2026-10-24", "to": "2026-10-25"},
        {"period": "custom", "from": "2026-10-31", "to": "2026-11-01"},
        {"period": "custom", "from": "2026-10-24T22:15", "to": "2026-10-25T22:40"},
        {"period": "custom", "from": "2026-10-25T10:10", "to": "2026-10-25T10:25"},
        {"period": "custom", "from": "2026-10-23T04:05", "to": "2026-11-02"},
    ]
)


def _plain(logs: list[UsageLog]) -> reports.Sums:
    """The slow and plain way."""
    hits = [log for log in logs if log.cache_status in reports.HITS]
    return reports.Sums(
        requests=len(logs),
        hits=len(hits),
        refused=sum(log.cache_status == "REFUSED" for log in logs),
        errors=sum(log.status >= 400 for log in logs),
        unpriced_requests=sum(log.cost_nanousd is None for log in logs),
        prompt_tokens=sum(log.prompt_tokens or 0 for log in logs),
        completion_tokens=sum(log.completion_tokens or 0 for log in logs),
        saved_tokens=sum((log.prompt_tokens or 0) + (log.completion_tokens or 0) for log in hits),
        cost_nanousd=sum(log.cost_nanousd or 0 for log in logs),
        saved_nanousd=sum(log.saved_nanousd or 0 for log in logs),
        prompt_cache_saved_nanousd=sum(max(0, log.prompt_cache_nanousd or 0) for log in logs),
        prompt_cache_overpaid_nanousd=sum(max(0, -(log.prompt_cache_nanousd or 0)) for log in logs),
    )


def _key_and_neighbour() -> tuple[ApiKey, ApiKey]:
    """Two tenants: the second one's rows must never count."""
    keys = []
    for name in ("A", "B"):
        organization = organization_create(
            name=name, owner=None, actor=None, plan=Plan.objects.get(slug="pro")
        )
        project = project_create(organization=organization, name=name, actor=None)
        keys.append(api_key_create(project=project, name=name, actor=None).api_key)
    return keys[0], keys[1]


class SumsProperty(TestCase):
    """hypothesis' TestCase: each example runs in a transaction of its own."""

    @settings(max_examples=40, deadline=None)
    @given(rows=st.lists(ROW, max_size=25), zone=ZONES, params=PARAMS)
    def test_every_report_equals_a_plain_count(
        self, rows: list[dict[str, Any]], zone: str, params: dict[str, str]
    ) -> None:
        key, neighbour = _key_and_neighbour()
        UsageLog.objects.bulk_create(usage_row(key, **values) for values in rows)
        UsageLog.objects.bulk_create(usage_row(neighbour, **values) for values in rows)
        usage_rollup()
        project = key.project
        begins = partial(log_begins, project)
        shown = period.parse(params, now=NOW, zone=ZoneInfo(zone), log_begins=begins)
        logs = list(UsageLog.objects.filter(project=project))
        inside = [log for log in logs if shown.start <= log.ts < shown.end]
        before = [log for log in logs if shown.previous[0] <= log.ts < shown.previous[1]]

        for by, column in filters.DIMENSIONS.items():
            found = reports.breakdown(project, shown, filters.Filters(), by)
            assert found.total == _plain(inside)
            for value in {str(getattr(log, column) or "") for log in inside}:
                of_value = [log for log in inside if str(getattr(log, column) or "") == value]
                assert found.totals[value] == _plain(of_value)
                chosen = filters.parse({by: value}) if value else filters.Filters()
                if value:
                    again = reports.breakdown(project, shown, chosen, "status")
                    assert again.total == _plain(of_value)
            for position, (start, end) in enumerate(
                zip(shown.edges, shown.edges[1:], strict=False)
            ):
                cell = reports.add(found.cells[position].values())
                assert cell == _plain([log for log in inside if start <= log.ts < end])
            earlier = reports.totals(project, shown.previous, filters.Filters(), by)
            assert reports.add(earlier.values()) == _plain(before)
        menus = reports.choices(project, shown)
        assert set(menus["model"]) == {log.model or "" for log in inside}
        assert set(menus["provider"]) == {log.provider for log in inside}
        exported = list(reports.hourly_rows(project, shown, filters.Filters()))
        assert sum(row.cost_nanousd for row in exported) == _plain(inside).cost_nanousd
        assert sum(row.requests for row in exported) == len(inside)
        assert [row.hour for row in exported] == sorted(row.hour for row in exported)
        asked = [log for log in inside if log.cache_status in ("MISS", "BYPASS", "HIT-COALESCED")]
        slowest = reports.latency(project, shown)["miss"]
        assert slowest.p50 == percentile(Counter(bucket_of(log.latency_ms) for log in asked), 0.5)


@pytest.fixture
def traffic(created_key: CreatedApiKey) -> list[UsageLog]:
    """A day's worth of requests up to now, and one older than the week."""
    now = datetime.now(UTC)
    kinds = [
        ("MISS", "gpt-4o", 1_234_567_891, 0, 200),
        ("HIT", "gpt-4o", 0, 1_234_567_891, 200),
        ("HIT", "gpt-4o-mini", 0, 5, 200),
        ("MISS", "=HYPERLINK()", None, None, 502),
        ("BYPASS", "gpt-4o-mini", 999_999_999, 0, 200),
    ]
    logs = [
        usage_row(
            created_key.api_key,
            ts=now - timedelta(minutes=7 * number),
            provider="openai",
            cache_status=status,
            model=model,
            cost_nanousd=cost,
            saved_nanousd=saved,
            status=code,
            prompt_tokens=100,
            completion_tokens=11,
        )
        for number, (status, model, cost, saved, code) in enumerate(kinds * 4)
    ]
    logs.append(usage_row(created_key.api_key, ts=now - timedelta(days=40), model="old"))
    UsageLog.objects.bulk_create(logs)
    usage_rollup()
    return logs[:-1]


@pytest.mark.django_db
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/New_York"])
def test_the_export_is_what_the_page_shows(
    cast: Cast, home: str, traffic: list[UsageLog], zone: str
) -> None:
    cast.viewer.cookies["tz"] = zone
    for query in ("period=24h", "period=24h&status=HIT", "period=7d&model=gpt-4o&by=model"):
        page = cast.viewer.get(f"{home}usage/?{query}")
        response = cast.viewer.get(page.context["export"])
        assert response.streaming
        assert response["Content-Type"] == "text/csv"
        rows = list(csv.DictReader(io.StringIO(b"".join(response.streaming_content).decode())))
        now = page.context["now"]
        assert sum(int(row["requests"]) for row in rows) == now.requests > 0
        assert sum(int(row["errors"]) for row in rows) == now.errors
        assert _nano(rows, "cost_usd") == now.cost_nanousd
        assert _nano(rows, "saved_usd") == now.saved_nanousd


def _nano(rows: list[dict[str, str]], column: str) -> int:
    return sum(int(row[column].replace(".", "")) for row in rows)


@pytest.mark.django_db
def test_the_pages_agree_to_the_cent(cast: Cast, home: str, traffic: list[UsageLog]) -> None:
    sums = _plain(traffic)
    overview = cast.owner.get(f"{home}?period=24h")
    usage = cast.owner.get(f"{home}usage/?period=24h&by=model&metric=saved")
    assert overview.context["now"] == usage.context["now"] == sums
    assert "$4.94" in overview.content.decode()  # 4 × $1.234567891 saved, and 4 × 5 nano
    assert "$8.94" in usage.content.decode()  # 4 × $1.234567891 + 4 × $0.999999999 spent
    shown = Counter(row["name"] for row in usage.context["rows"])
    assert shown == {"gpt-4o": 1, "gpt-4o-mini": 1, "=HYPERLINK()": 1}


@pytest.mark.django_db
def test_a_models_name_is_no_formula_in_the_export(
    cast: Cast, home: str, traffic: list[UsageLog]
) -> None:
    text = b"".join(cast.owner.get(f"{home}usage/export.csv").streaming_content).decode()
    assert ",'=HYPERLINK()," in text
    assert ",=HYPERLINK()" not in text


@pytest.mark.django_db
def test_no_traffic_is_a_dash_and_not_zero(cast: Cast, home: str) -> None:
    page = cast.owner.get(home).content.decode()
    assert "No requests yet" in page
    assert "$0.00" not in page
    assert "0.0%" not in page
    assert page.count("—") >= 8


@pytest.mark.django_db
@pytest.mark.usefixtures("traffic")
@pytest.mark.parametrize(
    "path", ["?period=30d", "usage/?period=30d&by=model", "usage/?period=7d&by=key", "requests/"]
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_queries_are_few_and_do_not_grow(
    *,
    cast: Cast,
    home: str,
    path: str,
    zone: str,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Callable[..., Any],
) -> None:
    cast.owner.cookies["tz"] = zone
    cast.owner.get(home + path)
    # Counting new rows belongs to the rollup, which has a bound of its own.
    monkeypatch.setattr(freshness._Clock, "due", float("inf"))
    with django_assert_max_num_queries(12):
        assert cast.owner.get(home + path).status_code == 200


@pytest.mark.django_db
def test_a_request_shows_at_once(
    cast: Cast,
    home: str,
    project: Project,
    created_key: CreatedApiKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(freshness._Clock, "due", 0.0)
    usage_row(created_key.api_key, ts=datetime.now(UTC)).save()
    assert cast.owner.get(home).context["now"].requests == 1


@pytest.mark.parametrize("path", ["keys/", ""])
def test_the_quota_counts_requests_that_have_just_come(
    cast: Cast, home: str, created_key: CreatedApiKey, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """On a page that shows no sums of its own, and where only the live part is asked for again."""
    monkeypatch.setattr(freshness._Clock, "due", 0.0)
    usage_row(created_key.api_key, ts=datetime.now(UTC)).save()
    headers = {} if path else {"HX-Request": "true", "HX-Target": "live"}
    text = " ".join(cast.viewer.get(f"{home}{path}", headers=headers).content.decode().split())
    quota = text[text.index('id="quota"') :]
    assert re.search(r">\s*1 of [\w.]+ requests this month", quota)
    assert ('hx-swap-oob="true"' in quota) is not bool(path)
