"""The Pyodide host keeps what the Worker's tests rely on, shown with a tiny Worker of its own."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.runtime.wrangler import ROOT
from tests.worker.edge import until

HOST = ROOT / "tools" / "local_stack" / "pyodide_host"
ENTRY = textwrap.dedent(
    """
    import asyncio
    import js
    from pyodide.ffi import create_proxy, to_js
    from workers import Request, WorkerEntrypoint

    seen = []

    class Default(WorkerEntrypoint):
        async def fetch(self, request):
            assert type(request) is Request
            url = js.URL.new(request.url)
            if url.pathname == "/echo":
                text = await request.js_object.text()
                headers = js.Headers.new()
                headers.append("x-method", request.js_object.method)
                headers.append("x-env", self.env.GREETING)
                return js.Response.new(text, status=201, headers=headers)
            if url.pathname == "/later":
                self.ctx.waitUntil(self.later())
                return js.Response.new("now")
            if url.pathname == "/seen":
                return js.Response.new(",".join(seen))
            if url.pathname == "/stream":
                return js.Response.new(self.stream())
            raise ValueError("as asked")

        async def later(self):
            await asyncio.sleep(0.05)
            seen.append("later")

        def stream(self):
            def start(controller):
                controller.enqueue(to_js(b"first"))
            def cancel(reason):
                seen.append("cancelled")
            return js.ReadableStream.new(start=create_proxy(start), cancel=create_proxy(cancel))
    """
)


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if not (HOST / "node_modules").exists():
        pytest.skip(f"Pyodide is not installed: npm ci --prefix {HOST.relative_to(ROOT)}")
    entry = tmp_path_factory.mktemp("worker") / "entry.py"
    entry.write_text(ENTRY)
    process = subprocess.Popen(
        ["node", str(HOST / "main.mjs"), "--entry", str(entry), "--python", sys.executable],
        env={"PATH": os.environ["PATH"], "GREETING": "hello"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{json.loads(process.stdout.readline())['port']}"
    finally:
        process.terminate()
        process.wait(60)
        process.stdout.close()


def wait_for(url: str, word: str) -> str:
    texts = [""]

    def said() -> bool:
        texts.append(httpx.get(url, timeout=60).text)
        return word in texts[-1]

    until(said, f"{word!r} from {url}")
    return texts[-1]


def test_request_response_and_env(host: str) -> None:
    answer = httpx.put(f"{host}/echo", content="grüße".encode(), timeout=60)
    assert (answer.status_code, answer.text) == (201, "grüße")
    assert answer.headers["x-method"] == "PUT"
    assert answer.headers["x-env"] == "hello"


def test_wait_until_outlives_the_response(host: str) -> None:
    assert httpx.get(f"{host}/later", timeout=60).text == "now"
    assert "later" in wait_for(f"{host}/seen", "later")


def test_a_stream_starts_before_it_ends_and_hears_that_the_client_left(host: str) -> None:
    with httpx.stream("GET", f"{host}/stream") as response:
        assert next(response.iter_bytes()) == b"first"
    assert "cancelled" in wait_for(f"{host}/seen", "cancelled")


def test_an_exception_is_a_500_without_details(host: str) -> None:
    answer = httpx.get(f"{host}/nowhere", timeout=60)
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")


def test_benchmarks_that_need_node_say_so_in_a_line(tmp_path: Path) -> None:
    environment = {"PATH": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-m", "benchmarks", "worker", "import_time"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "--- worker",
        "pyodide  left out: the Pyodide host needs Node.js",
        "--- import_time",
        "left out: the Pyodide host needs Node.js",
    ]
