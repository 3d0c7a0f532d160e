"""``GET /metrics`` of the CPython host; two edges share a folder, as a server's workers do."""

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from gateway.core.settings import SettingsError
from hosts.cpython.application import App
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import ROOT, Edge, until
from tests.worker.test_wrong_types import ENV

TOKEN = "scrapers-only"
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("metrics") / "made"


@pytest.fixture(scope="module")
def measured(folder: Path) -> Iterator[Edge]:
    """An edge that counts."""
    env = {"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(folder), "RELEASE": "1.2.3"}
    with Edge("cpython", LARGE_BODY_BYTES="20000", **env) as edge:
        yield edge


def scrape(edge: Edge, token: str | None = TOKEN) -> httpx.Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return httpx.get(f"{edge.base_url}/metrics", headers=headers, timeout=60)


def read(edge: Edge, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    families = text_string_to_metric_families(scrape(edge).text)
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def requests(edge: Edge, **labels: str) -> float:
    return read(edge, "watchllm_requests_total", **labels)


@pytest.mark.parametrize("token", [None, "wrong", TOKEN + "x", "ключ"])
def test_the_token_is_needed(measured: Edge, token: str | None) -> None:
    answer = httpx.get(
        f"{measured.base_url}/metrics",
        headers=[] if token is None else [(b"authorization", f"Bearer {token}".encode())],
        timeout=60,
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
    assert "watchllm_" not in answer.text


def test_without_the_variable_there_is_no_such_page(edge: Edge) -> None:
    assert scrape(edge).status_code == 404


def test_it_does_not_start_without_a_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (ENV | {"METRICS_TOKEN": TOKEN}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    with pytest.raises(SettingsError, match="PROMETHEUS_MULTIPROC_DIR"):
        App().runtime()


def test_what_the_cache_did_is_counted(measured: Edge) -> None:
    measured.quiet()
    limited = measured.tenant(key_limits={"requests_per_minute": 4})
    before = {v: requests(measured, verdict=v) for v in ("MISS", "HIT", "BYPASS", "REFUSED")}
    answers = read(measured, "watchllm_http_responses_total", status="200")
    latencies = read(measured, "watchllm_request_seconds_count", endpoint=CHAT, verdict="HIT")
    limited.ask("counted")
    limited.chat("counted")
    limited.chat("counted", {"x-watchllm-cache": "off"})
    limited.chat("counted", {"x-watchllm-cache": "off"})
    assert limited.chat("not counted").status_code == 429
    limited.rows(5)
    after = {verdict: requests(measured, verdict=verdict) - n for verdict, n in before.items()}
    assert after == {"MISS": 1, "HIT": 1, "BYPASS": 2, "REFUSED": 1}
    assert requests(measured, verdict="REFUSED", status="429", endpoint=CHAT) >= 1
    assert read(measured, "watchllm_http_responses_total", status="200") >= answers + 4
    seen = read(measured, "watchllm_request_seconds_count", endpoint=CHAT, verdict="HIT")
    assert seen == latencies + 1
    assert read(measured, "watchllm_upstream_seconds_count", provider="openai") >= 3
    assert read(measured, "watchllm_tokens_total", kind="prompt", hit="true") > 0
    assert read(measured, "watchllm_cost_dollars_total") > 0
    assert read(measured, "watchllm_saved_dollars_total") > 0
    assert read(measured, "watchllm_build_info", release="1.2.3") == 1


def test_labels_name_nobody_and_callers_cannot_make_new_ones(measured: Edge) -> None:
    measured.quiet()
    tenant = measured.tenant()
    tenant.bring_key(measured.openai.base_url, key=measured.openai.key)
    tenant.chat(model="gpt-of-a-customer")
    tenant.http.get("/v1/files/of-a-customer")
    tenant.http.get("/v1/models/model-of-a-customer")
    tenant.http.get("/path/of-a-customer")
    tenant.rows(3)
    text = scrape(measured).text
    for secret in (tenant.key, tenant.hash, tenant.project_id, "customer", measured.upstash.token):
        assert secret not in text
    assert requests(measured, endpoint="passed through") >= 1


def test_open_streams_are_seen(measured: Edge) -> None:
    measured.quiet()
    tenant = measured.tenant()
    measured.openai.behave("step-by-step", Behaviour("step"))
    body = {
        "model": "step-by-step",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
    }

    def streams() -> float:
        return read(measured, "watchllm_open_requests", kind="stream")

    assert streams() == 0
    with tenant.http.stream("POST", CHAT, json=body) as answer:
        assert answer.status_code == 200
        until(lambda: streams() == 1, "the stream to be seen")
        for _ in range(20):
            measured.openai.step()
        answer.read()
    until(lambda: streams() == 0, "the stream to be over")


def test_large_bodies_are_counted_by_the_process_that_serves_them(measured: Edge) -> None:
    measured.quiet()
    tenant = measured.tenant()
    before = requests(measured, verdict="MISS")
    assert tenant.ask("x" * 30_000).status_code == 200
    tenant.rows(1)
    assert requests(measured, verdict="MISS") == before + 1


def test_redis_away_is_seen(measured: Edge) -> None:
    measured.quiet()
    measured.upstash.break_with("refused")

    def is_seen() -> bool:
        measured.tenant().chat()
        return read(measured, "watchllm_breaker_open", service="redis") >= 1

    until(is_seen, "Redis to be away")
    measured.quiet()

    def is_back() -> bool:
        measured.tenant().chat()
        return read(measured, "watchllm_breaker_open", service="redis") == 0

    until(is_back, "Redis to be back")


def test_one_process_tells_of_all_and_forgets_the_gauges_of_the_dead(
    measured: Edge, folder: Path
) -> None:
    measured.quiet()
    env = {"METRICS_TOKEN": TOKEN, "PROMETHEUS_MULTIPROC_DIR": str(folder), "RELEASE": "other"}
    with Edge("cpython", beside=measured, **env) as other:
        before = requests(measured)
        tenant = other.tenant()
        assert tenant.chat().status_code == 200
        tenant.rows(1)
        for edge in (measured, other):
            assert requests(edge) == before + 1
            assert read(edge, "watchllm_build_info", release="other") == 1
        workers = Path(f"/proc/{other.pid}/task/{other.pid}/children").read_text().split()
        for worker in map(int, workers):
            os.kill(worker, signal.SIGKILL)
        until(
            lambda: read(measured, "watchllm_build_info", release="other") == 0,
            "the dead process's gauges to go",
        )
        assert requests(measured) == before + 1


def test_the_grafana_dashboard_and_the_documentation_name_what_there_is(measured: Edge) -> None:
    families = list(text_string_to_metric_families(scrape(measured).text))
    samples = {sample.name for family in families for sample in family.samples}
    dashboard = json.loads((ROOT / "deploy/grafana/watchllm-edge.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked = {name for query in queries for name in re.findall(r"watchllm_\w+", query)}
    assert asked <= samples
    page = (ROOT / "docs/public/self-hosting.md").read_text()
    documented = dict(re.findall(r"^\| `(watchllm_\w+)` \| (.*?) \|", page, re.MULTILINE))
    told = {name.removesuffix("_total") for name in documented}
    assert told == {family.name for family in families}
    for family in families:
        labels = {name for sample in family.samples for name in sample.labels} - {"le"}
        shown = documented.get(family.name, documented.get(f"{family.name}_total", ""))
        assert set(re.findall(r"`(\w+)`", shown)) == labels, family.name
