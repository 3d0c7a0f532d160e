"""What a request's page shows besides the cache's verdict."""

import colorsys
import json
import re
from itertools import combinations
from typing import Any

import pytest
from django.conf import settings

from apps.ui.templatetags import ui
from apps.usage.models import UsageLog
from apps.usage.request_facts import decision_facts, readable, sent_headers, why_no_bodies
from apps.usage.verdicts import waterfall
from apps.usage.views.charts import STATUS_SERIES
from shared.usage_events import CACHE_STATUSES

CHAT = "/v1/chat/completions"


def log(**values: Any) -> UsageLog:
    miss = {
        "request_id": "5b1c",
        "endpoint": CHAT,
        "cache_status": "MISS",
        "status": 200,
        "provider": "openai",
        "cost_nanousd": 1_500,
        "saved_nanousd": 0,
        "cache_key": "k",
    }
    return UsageLog(**miss | values)


MONEY = {"x-watchllm-cost-usd", "x-watchllm-saved-usd"}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, MONEY | {"x-watchllm-provider"}),
        ({"stream": True}, {"x-watchllm-provider"}),
        ({"stream": True, "cache_status": "HIT"}, MONEY | {"x-watchllm-provider"}),
        ({"cache_status": "HIT-SEMANTIC", "decision": {"shadow": True}}, {"x-watchllm-provider"}),
        ({"cost_nanousd": None}, {"x-watchllm-provider", "x-watchllm-saved-usd"}),
        ({"status": 504, "error_code": "cache_miss"}, set()),
    ],
)
def test_only_headers_that_were_sent_are_told(values: dict[str, Any], told: set[str]) -> None:
    names = {name for name, _ in sent_headers(log(**values))}
    assert names == told | {"x-watchllm-cache", "x-request-id"}


def test_what_the_cache_header_of_a_refused_request_said_is_not_told() -> None:
    refused = log(cache_status="REFUSED", status=429, error_code="rate_limit_exceeded")
    assert [name for name, _ in sent_headers(refused)] == ["x-request-id"]


def test_headers_have_what_the_edge_wrote() -> None:
    sent = dict(sent_headers(log(request_id="order-7.0123456789ab")))
    assert sent["x-request-id"] == "order-7"
    assert sent["x-watchllm-cost-usd"] == "0.000001500"
    assert dict(sent_headers(log()))["x-request-id"] == "5b1c"


@pytest.mark.parametrize(
    ("values", "logging", "said"),
    [
        ({"endpoint": "/v1/embeddings"}, True, "never kept"),
        ({"status": 400, "cache_key": None}, True, "refused before"),
        ({}, True, "was off when the request came"),
        ({}, False, "Its settings can turn that on"),
    ],
)
def test_why_a_request_has_no_bodies(values: dict[str, Any], *, logging: bool, said: str) -> None:
    assert said in why_no_bodies(log(**values), logging=logging)


def test_a_body_is_indented_where_it_is_json() -> None:
    body = {"messages": [{"role": "user", "content": "Größe?"}], "stream": False}
    shown = readable(json.dumps(body))
    assert json.loads(shown) == body
    assert "Größe?" in shown
    assert len(shown.splitlines()) == 9


@pytest.mark.parametrize(
    "body", ['{"messages": [{"ro', "plain", "[" * 90 + "1," * 900 + "1" + "]" * 90]
)
def test_another_body_is_shown_as_it_is(body: str) -> None:
    """One that was cut off, one that is no JSON, and one that indentation would make huge."""
    assert readable(body) == body


def test_no_body_is_none() -> None:
    assert readable(None) == ""


def test_a_decision_is_told_without_pythons_words() -> None:
    decision = {"served": True, "shadow": False, "guard": None, "mode": "safe", "distance": 3}
    assert decision_facts(log(decision=decision)) == [
        ("served", "yes"),
        ("shadow", "no"),
        ("guard", "none"),
        ("mode", "safe"),
        ("distance", "3"),
    ]
    assert decision_facts(log(decision=None)) == []


def test_no_two_verdicts_share_a_badge() -> None:
    badges = {re.sub(">.*", "", ui.cache_badge(status)) for status in CACHE_STATUSES}
    assert len(badges) == len(CACHE_STATUSES)


@pytest.mark.parametrize(("status", "_", "css"), STATUS_SERIES[:4])
def test_the_waterfall_has_the_charts_colours(status: str, _: str, css: str) -> None:
    assert [span.css for span in waterfall(log(cache_status=status, latency_ms=5))] == [css]


@pytest.mark.parametrize("scheme", [1, 2])
def test_verdicts_of_the_charts_differ_in_hue(scheme: int) -> None:
    css = (settings.BASE_DIR / "static/css/tokens.css").read_text()
    hues = []
    for name in ("hit", "semantic", "coalesced", "bypass", "refused"):
        found = re.search(rf"--c-{name}: light-dark\(#(\w{{6}}), #(\w{{6}})\)", css)
        assert found is not None
        red, green, blue = bytes.fromhex(found[scheme])
        hues.append(colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)[0] * 360)
    for one, other in combinations(hues, 2):
        apart = abs(one - other)
        assert min(apart, 360 - apart) > 40
