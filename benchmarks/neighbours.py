"""How long a neighbour's hits wait while somebody's largest legal request is being worked on.

One edge process on the CPython host. Neighbour, sender and provider are processes of their own, so
that what is measured is the edge's wait and not Python's in this one. Each body is sent three times
in a row while the neighbour asks for hits; the row "nobody" is the same without a sender. Then
eight clients try keys that nobody has, each another one, with a fast key database and a slow one.

On a busy machine everything waits for a processor. What does not depend on that is printed too: the
processor time that a body costs the very process that answers the neighbour, which can hold it up
for no longer.
"""

import http.client
import http.server
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from shared import api_keys
from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.worker.edge import Edge

_SENT = 3
_PAUSE = 0.005
_QUIET_SECONDS = 5.0
_LARGEST = 19_000_000
_BAR_MS = 100.0
_GUESSERS = 8
_CHAT, _EMBEDDINGS = "/v1/chat/completions", "/v1/embeddings"
_spawn = multiprocessing.get_context("spawn")


def _chat(content: Any, **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": content}]
    return {"model": "gpt-4o-mini", "messages": messages, **more}


def _values(count: int) -> list[list[int]]:
    return [[] for _ in range(count)]


CASES: dict[str, tuple[str, Callable[[], str]]] = {
    "one text of 19 MB": (_CHAT, lambda: json.dumps(_chat("word " * (_LARGEST // 5)))),
    "escaped Cyrillic, 19 MB": (_CHAT, lambda: json.dumps(_chat("мир" * (_LARGEST // 18)))),
    "accents to normalize, 12 MB": (
        _CHAT,
        lambda: json.dumps(_chat("e\u0301\u0327 " * 1_500_000), ensure_ascii=False),
    ),
    "20,000 messages": (
        _CHAT,
        lambda: json.dumps(_chat("x") | {"messages": _chat("word " * 90)["messages"] * 20_000}),
    ),
    "480,000 arrays in one tool": (
        _CHAT,
        lambda: json.dumps(_chat("x", tools=[{"type": "function", "x": _values(240_000)}])),
    ),
    "2,048 entries of logit_bias": (
        _CHAT,
        lambda: json.dumps(_chat("x", logit_bias={str(i): 1 for i in range(2_048)})),
    ),
    "2,048 texts to embed": (
        _EMBEDDINGS,
        lambda: json.dumps({"model": "m", "input": [f"text {i}" for i in range(2_048)]}),
    ),
    "60 texts to embed": (
        _EMBEDDINGS,
        lambda: json.dumps({"model": "m", "input": [f"text {i}" for i in range(60)]}),
    ),
    "300,000 tokens to embed": (
        _EMBEDDINGS,
        lambda: json.dumps({"model": "m", "input": list(range(300_000))}),
    ),
    "8 million brackets": (_CHAT, lambda: '{"model":' + "[]," * 4_000_000 + "0}"),
}


def main() -> None:
    """Print a line for each body."""
    if reason := redis_server_missing():
        print(reason)
        return
    ports, provider = _start(_provide)
    port = ports.recv()
    address = f"http://127.0.0.1:{port}"
    try:
        limits = {"MAX_BODY_BYTES": "20000000", "OPENAI_BASE_URL": address}
        with redis_process() as redis, Edge("cpython", redis, **limits) as edge:
            edge.openai.forget()
            heavy, neighbour = edge.tenant(), edge.tenant()
            place = edge.base_url.removeprefix("http://")
            _measure("nobody", place, neighbour.key, None)
            # The process for large bodies starts with the first one.
            _send(place, heavy.key, _CHAT, json.dumps(_chat("word " * 100_000)).encode(), 1)
            for name, (path, body) in CASES.items():
                request = (heavy.key, path, body().encode())
                cpu = _cpu_ms(edge.pid)
                _send(place, *request, _SENT)
                cpu = (_cpu_ms(edge.pid) - cpu) / _SENT
                _measure(name, place, neighbour.key, request)
                print(f"{'':28} processor time in the neighbour's process: {cpu:6.1f} ms a body")
            _measure_guessing("unknown keys", place, neighbour.key)
            edge.supabase.break_with("slow", seconds=0.5)
            _measure_guessing("unknown keys, slow look-ups", place, neighbour.key)
            edge.supabase.heal()
        over = ", ".join(name for name, most in _MOST.items() if most > _BAR_MS) or "none"
        print(f"Bar: a hit waits {_BAR_MS:.0f} ms at most. Above it: {over}.")
    finally:
        provider.kill()


_MOST: dict[str, float] = {}
"""Milliseconds of the neighbour's slowest hit in each row."""


def _measure_guessing(name: str, place: str, key: str) -> None:
    guessing = [_start(_guess, place) for _ in range(_GUESSERS)]
    for told, _ in guessing:
        told.recv()  # it has begun
    _measure(name, place, key, None)
    for told, _ in guessing:
        told.send("enough")
    tried = sum(told.recv() for told, _ in guessing)
    for _, process in guessing:
        process.join()
    print(f"{'':28} {tried} unknown keys tried meanwhile")


def _measure(name: str, place: str, key: str, heavy: tuple[str, str, bytes] | None) -> None:
    told, neighbour = _start(_ask, place, key)
    told.recv()  # it has its hit
    began = time.perf_counter()
    if heavy is None:
        time.sleep(_QUIET_SECONDS)
        sent = ""
    else:
        statuses = _send(place, *heavy, _SENT)
        took = (time.perf_counter() - began) / _SENT
        megabytes = len(heavy[2]) / 10**6
        sent = f"; {megabytes:4.1f} MB answered {statuses[0]} in {took:4.1f} s"
    told.send("enough")
    waits = told.recv()
    neighbour.join()
    late = statistics.quantiles(waits, n=100)[98] if len(waits) > 1 else waits[0]
    _MOST[name] = max(waits)
    print(
        f"{name:28} neighbour's hits: median {statistics.median(waits):6.1f} ms, "
        f"99 % {late:6.1f} ms, most {max(waits):7.1f} ms of {len(waits):4}{sent}",
        flush=True,
    )


def _cpu_ms(pid: int) -> float:
    """Of the process and those below it, but for the one that serves large bodies."""
    place = Path(f"/proc/{pid}")
    if b"large_body_process" in (place / "cmdline").read_bytes():
        return 0.0
    used = (place / "stat").read_text().rpartition(") ")[2].split()
    own = (int(used[11]) + int(used[12])) * 1000 / os.sysconf("SC_CLK_TCK")
    below = [
        _cpu_ms(int(child))
        for thread in (place / "task").glob("*")
        for child in (thread / "children").read_text().split()
    ]
    return own + sum(below)


def _start(work: Callable[..., None], *arguments: Any) -> tuple[Connection, SpawnProcess]:
    ours, theirs = _spawn.Pipe()
    process = _spawn.Process(target=work, args=(theirs, *arguments), daemon=True)
    process.start()
    return ours, process


def _send(place: str, key: str, path: str, body: bytes, times: int) -> list[int]:
    statuses = []
    for number in range(times):
        connection = http.client.HTTPConnection(place, timeout=300)
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        # A namespace of its own: each of them is a miss, with all the work of one.
        headers["x-watchllm-cache-namespace"] = f"n{number}-{time.time_ns()}"
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        connection.close()
    return statuses


def _ask(told: Connection, place: str, key: str) -> None:
    """The neighbour: milliseconds of each hit until it is told that it is enough."""
    connection = http.client.HTTPConnection(place, timeout=300)
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    body = json.dumps(_chat("the neighbour's question"))

    def ask() -> str | None:
        connection.request("POST", _CHAT, body, headers)
        answer = connection.getresponse()
        answer.read()
        return answer.headers["x-watchllm-cache"]

    while ask() != "HIT":
        time.sleep(_PAUSE)
    told.send("ready")
    waits = []
    while not told.poll():
        began = time.perf_counter()
        ask()
        waits.append((time.perf_counter() - began) * 1000)
        time.sleep(_PAUSE)
    told.send(waits)


def _guess(told: Connection, place: str) -> None:
    """Well-formed keys, one after another; how many, once it is told that it is enough."""
    connection = http.client.HTTPConnection(place, timeout=300)
    body = json.dumps(_chat("hello"))
    tried = 0
    while not told.poll():
        headers = {
            "authorization": f"Bearer {api_keys.generate()}",
            "content-type": "application/json",
        }
        try:
            connection.request("POST", _CHAT, body, headers)
            answer = connection.getresponse()
            answer.read()
        except ConnectionError:  # the edge closes what was idle for seconds: this one had no turn
            connection.close()
            continue
        if answer.status not in (401, 503):
            raise RuntimeError(f"an unknown key was answered {answer.status}")
        tried += 1
        if tried == 1:
            told.send("begun")
    told.recv()
    told.send(tried)


def _provide(told: Connection) -> None:
    """A provider that reads whatever it is sent, and answers at once."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Provider)
    told.send(server.server_address[1])
    server.serve_forever()


class _Provider(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """A chat completion, or as many vectors of 256 numbers as there are inputs."""
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        answer: dict[str, Any]
        if self.path.endswith("/embeddings"):
            given = body["input"]
            count = len(given) if isinstance(given[0], str) else 1
            data = [
                {"object": "embedding", "index": i, "embedding": [i / 7919.0] * 256}
                for i in range(count)
            ]
            answer = {"object": "list", "data": data, "model": "m", "usage": usage}
        else:
            message = {"role": "assistant", "content": "Yes."}
            choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
            answer = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
            answer |= {"choices": choices, "usage": usage}
        text = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
