"""The request log: paging by key, search, details."""

import csv
import json
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from django.utils import timezone
from django.utils.html import escape

from apps.accounts.models import User
from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage.models import SavedView, UsageLog
from apps.usage.request_log import PAGE, Cursor, parse_cursor
from apps.usage.rollup import usage_rollup
from apps.usage.saved_views import MOST_VIEWS, view_save
from apps.usage.verdicts import reason, waterfall
from shared.usage_events import CACHE_STATUSES
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def logs(created_key: CreatedApiKey) -> list[UsageLog]:
    """Two pages and a half, many at the same instant; newest first."""
    UsageLog.objects.bulk_create(
        usage_row(
            created_key.api_key,
            request_id=f"r-{number}",
            ts=START + timedelta(seconds=number // 7),
            status=502 if number % 10 == 0 else 200,
            cache_status=CACHE_STATUSES[number % len(CACHE_STATUSES)],
            model=f"model-{number % 3}",
            cost_nanousd=number,
            latency_ms=100 + number,
            labels={"user": f"u{number % 9}"},
        )
        for number in range(PAGE * 5 // 2)
    )
    return list(UsageLog.objects.order_by("-ts", "-id"))


def _shown(response: object) -> list[str]:
    return [log.request_id for log in response.context["page"].logs]  # type: ignore[attr-defined]


def test_pages_run_through_the_log_once_and_back(
    cast: Cast, home: str, logs: list[UsageLog]
) -> None:
    everything = [log.request_id for log in logs]
    response = cast.viewer.get(f"{home}requests/")
    seen = _shown(response)
    assert response.context["newer"] == ""
    while response.context["older"]:
        response = cast.viewer.get(f"{home}requests/{response.context['older']}")
        seen += _shown(response)
    assert seen == everything
    back = cast.viewer.get(f"{home}requests/{response.context['newer']}")
    assert _shown(back) == everything[PAGE : 2 * PAGE]
    first = cast.viewer.get(f"{home}requests/{back.context['newer']}")
    assert _shown(first) == everything[:PAGE]


def test_rows_that_arrive_meanwhile_move_nothing(
    cast: Cast, home: str, logs: list[UsageLog], created_key: CreatedApiKey
) -> None:
    older = cast.owner.get(f"{home}requests/").context["older"]
    expected = _shown(cast.owner.get(f"{home}requests/{older}"))
    usage_row(created_key.api_key, ts=START + timedelta(days=1)).save()
    assert _shown(cast.owner.get(f"{home}requests/{older}")) == expected


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("q=r-7", lambda log: log.request_id == "r-7"),
        ("q=model-2&outcome=error", lambda log: log.model == "model-2" and log.status >= 400),
        ("status=HIT", lambda log: log.cache_status == "HIT"),
        ("outcome=ok&model=model-1", lambda log: log.status < 400 and log.model == "model-1"),
        (
            "since=2026-11-20T12:00Z&until=2026-11-20T12:01Z",
            lambda log: log.ts < START + timedelta(minutes=1),
        ),
        ("code=502", lambda log: log.status == 502),
        ("cost=0.00000003", lambda log: log.cost_nanousd >= 30),
        ("ms=150&model=model-0", lambda log: log.latency_ms >= 150 and log.model == "model-0"),
        ("label=user&value=u3", lambda log: log.labels == {"user": "u3"}),
        ("label=user", bool),
        ("q=%00&status=nonsense&key=x&at=o1-&since=never", bool),
        ("code=x&cost=-1&ms=1e9&label=7&value=x", bool),
    ],
)
def test_filters(cast: Cast, home: str, logs: list[UsageLog], query: str, wanted: object) -> None:
    expected = [log.request_id for log in logs if wanted(log)]  # type: ignore[operator]
    assert _shown(cast.owner.get(f"{home}requests/?{query}")) == expected[:PAGE]
    assert expected


def test_the_export_has_what_the_page_shows(cast: Cast, home: str, logs: list[UsageLog]) -> None:
    page = cast.admin.get(f"{home}requests/?status=HIT&ms=150")
    wanted = [
        log.request_id
        for log in reversed(logs)
        if log.cache_status == "HIT" and log.latency_ms >= 150
    ]
    assert wanted
    for form, read in (("CSV", csv.DictReader), ("JSONL", partial(map, json.loads))):
        response = cast.admin.get(page.context["exports"][form])
        lines = b"".join(response.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
        assert [row["request_id"] for row in read(lines)] == wanted
    assert cast.viewer.get(page.context["exports"]["CSV"]).status_code == 403
    assert cast.viewer.get(f"{home}requests/").context["exports"] == {}


def test_nothing_found_offers_a_way_back(cast: Cast, home: str, logs: list[UsageLog]) -> None:
    page = cast.owner.get(f"{home}requests/?q=unheard-of").content.decode()
    assert "No request matches" in page
    assert f'href="{home}requests/"' in page


def test_a_charts_bar_leads_to_its_requests(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    now = datetime.now(UTC)
    UsageLog.objects.bulk_create(
        usage_row(created_key.api_key, ts=now - timedelta(hours=hours), model="gpt-4o")
        for hours in (0, 0, 3)
    )
    usage_rollup()
    page = cast.owner.get(f"{home}usage/?period=24h&model=gpt-4o")
    bars = [bar for bar in page.context["chart"].bars if bar.segments]
    counts = [len(_shown(cast.owner.get(bar.href))) for bar in bars]
    assert [int(bar.total) for bar in bars] == counts
    assert sum(counts) == 3


def test_the_overviews_errors_lead_to_those_of_its_period(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    for name, days in (("today", 0), ("last month", 20)):
        ts = datetime.now(UTC) - timedelta(days=days, minutes=5)
        usage_row(created_key.api_key, request_id=name, ts=ts, status=502).save()
    usage_rollup()
    overview = cast.viewer.get(f"{home}?period=7d")
    assert overview.context["now"].errors == 1
    assert _shown(cast.viewer.get(overview.context["errors_url"])) == ["today"]


def test_the_overview_tells_what_the_providers_prompt_cache_saved_and_cost(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    before = cast.viewer.get(home).content.decode()
    for saved in (3 * 10**9, -(10**9), None, 0):
        usage_row(created_key.api_key, ts=datetime.now(UTC), prompt_cache_nanousd=saved).save()
    usage_rollup()
    overview = cast.viewer.get(home)
    assert overview.context["now"].prompt_cache_saved_nanousd == 3 * 10**9
    assert overview.context["now"].prompt_cache_overpaid_nanousd == 10**9
    assert "prompt cache" not in before
    assert "$1.00 overpaid" in overview.content.decode()


def test_details_as_a_drawer_and_as_a_page(cast: Cast, home: str, logs: list[UsageLog]) -> None:
    url = f"{home}requests/{logs[0].pk}/"
    whole = cast.viewer.get(url).content.decode()
    drawer = cast.viewer.get(url, headers={"HX-Request": "true", "HX-Target": "drawer"})
    assert "<html" in whole
    assert "<html" not in drawer.content.decode()
    for text in (whole, drawer.content.decode()):
        assert logs[0].request_id in text
        assert escape(reason(logs[0])) in text


def test_details_tell_what_was_sent_and_decided(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    row = usage_row(created_key.api_key, stream=True, cost_nanousd=5, prompt='{"a": [1]}')
    row.decision = {"mode": "safe", "served": False, "guard": None}
    row.save()
    page = cast.viewer.get(f"{home}requests/{row.pk}/").content.decode()
    assert "x-watchllm-cost-usd" not in page
    assert "{\n  &quot;a&quot;: [\n    1\n  ]\n}" in page
    assert "<code>no</code>" in page
    assert not {"True", "False", "None"} & set(page.replace("<", " ").replace(">", " ").split())


def test_every_verdict_has_a_reason() -> None:
    reasons = {reason(UsageLog(cache_status=status)) for status in CACHE_STATUSES}
    assert len(reasons) == len(CACHE_STATUSES)


def test_a_bypass_tells_what_the_edge_told() -> None:
    told = UsageLog(cache_status="BYPASS", decision={"bypass": "x-watchllm-cache: off"})
    assert reason(told) == "The cache was left out: x-watchllm-cache: off."


def test_refused_requests_are_told_apart(cast: Cast, home: str, created_key: CreatedApiKey) -> None:
    """Outside the hit rate, cost nothing, are not unpriced, and did not reach a provider."""
    now = timezone.now()
    refused = {"status": 429, "error_code": "rate_limit_exceeded", "cost_nanousd": 0}
    rows = [
        usage_row(created_key.api_key, ts=now, cache_status="HIT", cost_nanousd=0, latency_ms=1),
        usage_row(created_key.api_key, ts=now, cache_status="MISS", cost_nanousd=5, latency_ms=900),
        usage_row(created_key.api_key, ts=now, cache_status="REFUSED", latency_ms=2, **refused),
    ]
    UsageLog.objects.bulk_create(rows)
    usage_rollup()
    overview = cast.viewer.get(home)
    sums = overview.context["now"]
    assert (sums.requests, sums.refused, sums.hit_rate) == (3, 1, 0.5)
    assert sums.unpriced_requests == 0
    assert overview.context["latency"]["miss"].p50 > 800
    link = overview.context["refused_url"]
    assert escape(link) in overview.content.decode()
    assert [log.cache_status for log in cast.viewer.get(link).context["page"].logs] == ["REFUSED"]
    export = b"".join(
        cast.viewer.get(f"{home}usage/export.csv?status=REFUSED").streaming_content  # type: ignore[attr-defined]
    )
    assert export.count(b"REFUSED,1,1,0") == 1
    detail = cast.viewer.get(f"{home}requests/{UsageLog.objects.get(status=429).pk}/")
    assert "asked no provider" in detail.content.decode()
    assert [span.label for span in detail.context["spans"]] == ["WatchLLM"]


def test_a_request_that_was_refused_was_not_a_matter_of_the_cache() -> None:
    refused = UsageLog(cache_status="BYPASS", status=429, error_code="rate_limit_exceeded")
    assert "refused before the cache was asked" in reason(refused)
    for code in ("rate_limit_exceeded", "quota_exceeded", "cache_miss"):
        miss = UsageLog(cache_status="MISS", status=429, error_code=code)
        assert "provider was not asked" in reason(miss)
        miss.upstream_ms = 5  # the provider's own error
        assert reason(miss) == "No stored answer: the provider was asked."
    asked = UsageLog(
        cache_status="BYPASS", status=500, error_code="server_error", upstream_ms=5, decision=None
    )
    assert "refused" not in reason(asked)


@pytest.mark.parametrize(
    ("latency", "upstream", "ttfb"),
    [(100, None, None), (100, 90, 40), (100, 90, None), (100, 120, 300), (100, 0, 0), (0, 0, 0)],
)
def test_the_waterfall_adds_up_to_the_latency(
    latency: int, upstream: int | None, ttfb: int | None
) -> None:
    spans = waterfall(
        UsageLog(cache_status="MISS", latency_ms=latency, upstream_ms=upstream, ttfb_ms=ttfb)
    )
    assert sum(span.length for span in spans) == latency
    assert all(span.length >= 0 for span in spans)
    ends = [span.start + span.length for span in spans]
    assert [span.start for span in spans][1:] == ends[:-1]


def test_the_waterfall_tells_the_providers_time_from_ours() -> None:
    streamed = UsageLog(cache_status="MISS", latency_ms=349, upstream_ms=340, ttfb_ms=149)
    assert [(span.label, span.length) for span in waterfall(streamed)] == [
        ("WatchLLM", 9),
        ("Provider, to the first byte", 140),
        ("Provider, to the last byte", 200),
    ]
    whole = UsageLog(cache_status="MISS", latency_ms=349, upstream_ms=340)
    assert [(span.label, span.length) for span in waterfall(whole)] == [
        ("WatchLLM", 9),
        ("Provider", 340),
    ]


@pytest.mark.parametrize("text", ["", "o", "x1-2", "o1", "o-1", "n²-1", "o" + "9" * 40 + "-1"])
def test_a_broken_cursor_is_the_first_page(text: str) -> None:
    assert parse_cursor(text) is None


def test_a_cursor_reads_back() -> None:
    cursor = Cursor(datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC), 42, older=True)
    assert parse_cursor(cursor.dump()) == cursor


def test_times_without_an_offset_are_the_visitors(
    cast: Cast, home: str, logs: list[UsageLog]
) -> None:
    """As the page's inputs send them; links from charts have UTC."""
    cast.viewer.cookies["tz"] = "Asia/Kolkata"
    local = "since=2026-11-20T17:30&until=2026-11-20T17:31"
    utc = "since=2026-11-20T12:00Z&until=2026-11-20T12:01Z"
    pages = [cast.viewer.get(f"{home}requests/?{query}") for query in (local, utc)]
    assert _shown(pages[0]) == _shown(pages[1]) == [log.request_id for log in logs][:PAGE]
    assert 'value="2026-11-20T17:30"' in pages[1].content.decode()
    assert _shown(cast.viewer.get(f"{home}requests/?since=2026-11-20T17:31")) == []
    junk = cast.viewer.get(f"{home}requests/?since=0001-01-01T00:00%2B14:00")
    assert junk.context["search"].since is None


def test_everybody_keeps_views_of_their_own(cast: Cast, home: str, logs: list[UsageLog]) -> None:
    url = f"{home}requests/views/"
    query = "outcome=error&q=&at=o1-1&live=1&model=model-1&junk=x"
    saved = cast.viewer.post(url, {"name": "Failures of model-1", "query": query})
    assert saved["Location"] == f"{home}requests/?model=model-1&outcome=error"
    page = cast.viewer.get(saved["Location"])
    assert page.context["view"].name == "Failures of model-1"
    assert {log.status for log in page.context["page"].logs} == {502}
    assert "Failures of model-1" not in cast.owner.get(f"{home}requests/").content.decode()
    made = SavedView.objects.get()
    assert cast.owner.post(f"{url}{made.pk}/delete/").status_code == 404
    cast.viewer.post(url, {"name": "Failures of model-1", "query": "status=HIT"})
    assert SavedView.objects.get().query == "status=HIT"
    assert cast.viewer.post(f"{url}{made.pk}/delete/").status_code == 302
    assert not SavedView.objects.exists()
    assert cast.viewer.post(url, {"name": "x" * 61}).status_code == 302
    assert not SavedView.objects.exists()


def test_a_person_has_a_bounded_number_of_views(
    cast: Cast, home: str, project: Project, owner: User
) -> None:
    for number in range(MOST_VIEWS):
        view_save(project=project, user=owner, name=f"v{number}", query="status=HIT")
    cast.owner.post(f"{home}requests/views/", {"name": "one more"})
    assert SavedView.objects.count() == MOST_VIEWS
    cast.owner.post(f"{home}requests/views/", {"name": "v0", "query": "status=MISS"})
    assert SavedView.objects.get(name="v0").query == "status=MISS"


def test_watching_live_asks_again_and_gets_new_rows_only(
    cast: Cast, home: str, logs: list[UsageLog], created_key: CreatedApiKey
) -> None:
    page = cast.viewer.get(f"{home}requests/?live=1&status=MISS")
    again = page.context["live_url"]
    assert 'hx-trigger="every 3s"' in page.content.decode()
    assert "hx-trigger" not in cast.viewer.get(f"{home}requests/").content.decode()
    headers = {"HX-Request": "true", "HX-Target": "log"}
    assert cast.viewer.get(f"{home}requests/{again}", headers=headers).status_code == 204
    usage_row(created_key.api_key, request_id="new", ts=START + timedelta(hours=1)).save()
    part = cast.viewer.get(f"{home}requests/{again}", headers=headers)
    text = part.content.decode()
    assert _shown(part)[0] == "new"
    assert text.count('id="log"') == 1
    assert "<form" not in text
    assert part.context["live_url"] != again
    usage_row(created_key.api_key, ts=START + timedelta(hours=2), cache_status="HIT").save()
    unmatched = cast.viewer.get(f"{home}requests/{part.context['live_url']}", headers=headers)
    assert unmatched.status_code == 204
