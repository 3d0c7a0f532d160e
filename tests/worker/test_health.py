"""/health and /health/detailed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shared.version import VERSION
from tests.worker.edge import ROOT, Edge, until
from tests.worker.edges import HOSTS, missing

TOKEN = "operators-only"
SMOKE_TEST = [sys.executable, str(ROOT / "tools/smoke_test.py")]


@pytest.fixture(scope="module", params=HOSTS)
def watched(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """An edge with a health token."""
    reason = missing(request.param)
    if reason:
        pytest.skip(reason)
    with Edge(request.param, HEALTH_TOKEN=TOKEN, RELEASE="1.2.3") as edge:
        yield edge


def detailed(edge: Edge, token: str = TOKEN) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.get(f"{edge.base_url}/health/detailed", headers=headers, timeout=30)


def test_liveness_asks_nobody(edge: Edge) -> None:
    for double in (edge.upstash, edge.supabase):
        double.break_with("refused")
    answer = httpx.get(f"{edge.base_url}/health", timeout=60)
    told = {"status": "ok", "version": VERSION, "environment": "test"}
    assert (answer.status_code, answer.json()) == (200, told)


def smoke(edge: Edge, release: str, key: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*SMOKE_TEST, edge.base_url, "--release", release],
        env={**os.environ, "WATCHLLM_SMOKE_KEY": key},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_smoke_test_of_a_deployment(watched: Edge) -> None:
    watched.quiet()
    done = smoke(watched, "1.2.3", watched.tenant().key)
    assert (done.returncode, done.stderr) == (0, "")
    assert watched.openai.calls() == 1
    watched.openai.break_with("refused")
    done = smoke(watched, "1.2.3", watched.tenant().key)
    assert done.returncode == 1
    assert "status 502" in done.stderr


def test_without_the_variable_there_is_no_such_page(edge: Edge) -> None:
    answer = detailed(edge)
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_url"


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "ключ"])
def test_the_token_is_needed(watched: Edge, token: str) -> None:
    headers = [(b"authorization", f"Bearer {token}".encode())] if token else []
    answer = httpx.get(f"{watched.base_url}/health/detailed", headers=headers, timeout=60)
    assert answer.status_code == 401


def test_all_is_well(watched: Edge) -> None:
    watched.quiet()
    report: dict[str, Any] = {}

    def written() -> bool:  # the rows of the test before
        report.update(detailed(watched).json())
        return not report["pending"]["usage_rows"]

    until(written, "nothing to wait")
    assert report["status"] == "ok"
    assert (report["environment"], report["release"]) == ("test", "1.2.3")
    assert report["version"] == VERSION
    assert report["redis"]["ok"]
    assert report["supabase"]["ok"]
    assert report["breakers"] == {
        **dict.fromkeys(("redis", "supabase", "usage", "spool", "datadog", "sentry"), "closed"),
        "providers_open": {},
    }


def test_what_is_away_is_named(watched: Edge) -> None:
    watched.quiet()
    tenant = watched.tenant()
    tenant.chat()
    tenant.rows()
    watched.upstash.break_with("refused")
    watched.supabase.break_with("error", status=503)
    watched.openai.break_with("refused")
    for _ in range(5):
        assert tenant.chat().status_code in (502, 503)
    answers: list[httpx.Response] = []

    def away() -> bool:
        # A breaker is open for seconds: on a slow machine it takes another failure to see it.
        tenant.chat()
        answers.append(detailed(watched))
        report = answers[-1].json()
        return bool(report["pending"]["usage_rows"] >= 5 and report["breakers"]["providers_open"])

    until(away, "rows to wait and the provider's breaker to open")
    answer = answers[-1]
    report = answer.json()
    assert (answer.status_code, report["status"]) == (200, "degraded")
    assert not report["redis"]["ok"]
    assert report["supabase"] == {"ok": False, "reason": "status 503"}
    assert report["breakers"]["usage"] != "closed"
    assert report["breakers"]["providers_open"] == {"openai": 1}
    for secret in (watched.upstash.token, watched.supabase.key, tenant.project_id):
        assert secret not in answer.text
    watched.quiet()
    tenant.rows(6)
