"""What a request costs the edge: CPU of its process for a hit and a miss, 16 connections busy.

Beside each host a server that does nothing; the CPython host by Upstash's REST API and, where
redis-server is installed, by its own connection to it (`REDIS_URL`). Redis, Supabase and the
provider are local doubles in another process, whose CPU does not count. The request is a 4 KB chat
completion, the answer 2 KB.
With `LITELLM` set, LiteLLM's proxy serves the same (`benchmarks/litellm_proxy.py`).
A miss is a request that may not be read from the cache (`x-watchllm-cache: refresh`): it is
forwarded, captured, sealed and stored.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import httpx

from benchmarks.litellm_proxy import KEY, litellm_proxy
from benchmarks.load import measure, post
from local_stack import ports
from local_stack.pyodide_run import pyodide_missing
from tests.doubles.openai_api import OpenAIDouble
from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.worker.edge import Edge

_ROOT = Path(__file__).resolve().parents[1]
_NODE_HOST = _ROOT / "tools/local_stack/pyodide_host/main.mjs"
_ROUNDS = 3
_REQUESTS = 2_000
_SLOW_REQUESTS = 480  # of a proxy that takes milliseconds
_QUESTION = "Explain to a new colleague how our cache decides what may be served. " * 52
_ANSWER = "A cached answer is served when the request is the same in everything that counts. " * 24


def main(hosts: Sequence[str] = ("cpython", "pyodide")) -> None:
    """Print microseconds of CPU per request, medians of three rounds, and ratios."""
    for host in hosts:
        if host == "pyodide" and (reason := pyodide_missing()):
            print(f"pyodide  left out: {reason}")
            continue
        nothing = statistics.median(_nothing(host))
        print(f"{host:8} {'does nothing':14} {nothing:8.0f} µs CPU a request")
        for way, running in _edges(host):
            with running as edge:
                for what, cost in _edge(edge).items():
                    times = f"{cost / nothing:.1f} ×"
                    print(f"{host:8} {what + way:14} {cost:8.0f} µs CPU a request, {times}")
        command = os.environ.get("LITELLM")
        if host == "cpython" and command:
            for what, cost in _litellm(command).items():
                print(f"LiteLLM  {what:14} {cost:8.0f} µs CPU a request, {cost / nothing:.1f} ×")
        elif host == "cpython":
            print("LiteLLM left out: LITELLM names no command (see benchmarks/litellm_proxy.py)")


def _edges(host: str) -> Iterator[tuple[str, AbstractContextManager[Edge]]]:
    """Each way to Redis, and an edge that takes it."""
    yield "", Edge(host, STORE_TIMEOUT_MS="2000")
    if host != "cpython":
        return
    if reason := redis_server_missing():
        print(f"REDIS_URL left out: {reason}")
        return
    with redis_process() as url:
        yield ", RESP", Edge(host, redis_url=url, REDIS_URL=url, STORE_TIMEOUT_MS="2000")


def _body(**more: object) -> bytes:
    return json.dumps(
        {
            "model": "gpt-4o-mini",
            "temperature": 0,
            "messages": [
                {"role": "system", "content": "You are a patient engineer."},
                {"role": "user", "content": _QUESTION},
            ],
            **more,
        }
    ).encode()


def _litellm(command: str) -> dict[str, float]:
    path, caller = "/v1/chat/completions", f"Bearer {KEY}"
    hit = post(path, _body(), Authorization=caller)
    miss = post(path, _body(cache={"no-cache": True}), Authorization=caller)
    with OpenAIDouble() as provider:
        provider.say(_ANSWER)
        with litellm_proxy(command, provider.base_url, provider.key) as (port, pid):
            measure(port, pid, hit, requests=1)
            asked = provider.calls()
            costs = {"exact hit": _median(port, pid, hit, _SLOW_REQUESTS)}
            if provider.calls() != asked:
                raise RuntimeError("LiteLLM asked the provider for what it should have cached")
            return {**costs, "miss": _median(port, pid, miss, _SLOW_REQUESTS)}


def _median(port: int, pid: int, request: bytes, requests: int) -> float:
    return statistics.median(
        measure(port, pid, request, requests=requests).cpu for _ in range(_ROUNDS)
    )


def _edge(edge: Edge) -> dict[str, float]:
    tenant = edge.tenant()
    edge.openai.say(_ANSWER)
    body = _body()
    port = int(edge.base_url.rpartition(":")[2])
    hit = post("/v1/chat/completions", body, Authorization=f"Bearer {tenant.key}")
    miss = post(
        "/v1/chat/completions",
        body,
        Authorization=f"Bearer {tenant.key}",
        X_WatchLLM_Cache="refresh",
    )
    tenant.http.post("/v1/chat/completions", content=body)
    edge.settled()
    pid = edge.pid
    return {
        what: _median(port, pid, request, _REQUESTS)
        for what, request in (("exact hit", hit), ("miss", miss))
    }


def _nothing(host: str) -> Iterator[float]:
    with _nothing_server(host) as (port, pid):
        request = post("/v1/chat/completions", b"x" * 4_000)
        for _ in range(_ROUNDS):
            yield measure(port, pid, request, requests=_REQUESTS).cpu


@contextmanager
def _nothing_server(host: str) -> Iterator[tuple[int, int]]:
    port = ports.unused()
    if host == "cpython":
        command = [
            *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"),
            *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
            "benchmarks.do_nothing_asgi:app",
        ]
    else:
        entry = _ROOT / "benchmarks/do_nothing_worker/entry.py"
        command = ["node", str(_NODE_HOST), "--port", str(port), "--entry", str(entry)]
        command += ["--python", sys.executable]
    process = subprocess.Popen(
        command, cwd=_ROOT, env={**os.environ, "PYTHONPATH": str(_ROOT)}, stdout=subprocess.DEVNULL
    )
    try:
        _wait(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            httpx.get(f"http://127.0.0.1:{port}/")
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise RuntimeError("the do-nothing server did not start")
