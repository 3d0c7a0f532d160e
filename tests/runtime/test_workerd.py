"""The Worker in Cloudflare's own runtime, where that can start.

workerd downloads its Pyodide from a host that is no package registry; without it these tests skip,
and the Pyodide host under Node stands in for it.
"""

import subprocess
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from local_stack import ports
from tests.runtime.wrangler import (
    make_project,
    wrangler_command,
    wrangler_environment,
    wrangler_missing,
)

START_SECONDS = 240
NEEDED = {
    "ENVIRONMENT": "test",
    "SUPABASE_URL": "http://127.0.0.1:9",
    "SUPABASE_KEY": "unused",
    "UPSTASH_REDIS_REST_URL": "http://127.0.0.1:9",
    "UPSTASH_REDIS_REST_TOKEN": "unused",
    "API_KEY_PEPPER": "tests-only-pepper",
    "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
}


@pytest.fixture(scope="module")
def workerd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    reason = wrangler_missing()
    if reason:
        pytest.skip(reason)
    project = make_project(tmp_path_factory.mktemp("workerd"))
    (project / ".dev.vars").write_text("".join(f"{k}={v}\n" for k, v in NEEDED.items()))
    port = ports.unused()
    # Its default port for inspectors may be taken: by another checkout's tests, or by a developer.
    inspector = ("--inspector-port", str(ports.unused()))
    process = subprocess.Popen(
        wrangler_command("dev", "--ip", "127.0.0.1", "--port", str(port), *inspector),
        cwd=project,
        env=wrangler_environment(project),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    printed: list[str] = []
    reader = threading.Thread(target=lambda: printed.extend(process.stdout or ()), daemon=True)
    reader.start()
    try:
        _wait(f"http://127.0.0.1:{port}/health", process, printed)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        reader.join(10)
        if process.stdout:
            process.stdout.close()


def _wait(url: str, process: "subprocess.Popen[str]", printed: list[str]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None or any("bundle failed" in line for line in printed):
            break
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    if any("Pyodide bundle failed" in line for line in printed):
        pytest.skip("workerd cannot download its Pyodide here: run these tests where it can")
    raise AssertionError("wrangler dev did not start:\n" + "".join(printed))


def test_health(workerd: str) -> None:
    answer = httpx.get(f"{workerd}/health", timeout=60)
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"


def test_errors_come_from_the_worker(workerd: str) -> None:
    answer = httpx.post(f"{workerd}/v1/chat/completions", json={}, timeout=60)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "invalid_api_key"


def test_a_store_out_of_reach_is_no_crash(workerd: str) -> None:
    key = {"Authorization": "Bearer lgw_" + "0" * 38}
    answer = httpx.post(f"{workerd}/v1/chat/completions", json={}, headers=key, timeout=60)
    assert answer.status_code in (401, 503)
