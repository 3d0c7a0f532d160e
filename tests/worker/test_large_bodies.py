"""Large bodies on the CPython host: another process answers them, with the same answers."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any

import pytest

from hosts.cpython.large_bodies import BODY, LargeBodies, dump_head, load_head, read_frame, upload
from tests.doubles.openai_api import Behaviour
from tests.worker.caller import MODEL, Caller
from tests.worker.edge import MAX_BODY_BYTES, Edge, Tenant, until

LEAST = 20_000
LARGE = "A question that is long. " * 1_000
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module")
def running() -> Iterator[Edge]:
    with Edge("cpython", LARGE_BODY_BYTES=str(LEAST)) as edge:
        yield edge


@pytest.fixture
def large(running: Edge) -> Edge:
    running.quiet()
    return running


def servants(edge: Edge) -> list[int]:
    """The processes for large bodies below this edge's."""
    found, looked_at = [], [edge.pid]
    while looked_at:
        pid = looked_at.pop()
        for thread in Path(f"/proc/{pid}/task").glob("*"):
            looked_at += map(int, (thread / "children").read_text().split())
        if b"large_body_process" in Path(f"/proc/{pid}/cmdline").read_bytes():
            found.append(pid)
    return found


def test_a_miss_a_hit_and_a_stream(large: Edge) -> None:
    tenant = large.tenant()
    first = tenant.ask(LARGE)
    assert (first.status_code, first.headers["x-watchllm-cache"]) == (200, "MISS"), first.text
    assert len(servants(large)) == 1
    again = tenant.chat(LARGE)
    assert again.headers["x-watchllm-cache"] == "HIT"
    assert again.json() == first.json()
    stream = tenant.chat(LARGE, stream=True)
    assert stream.headers["x-watchllm-cache"] == "HIT"
    assert stream.text.endswith("data: [DONE]\n\n")
    fresh = tenant.chat(LARGE + "And another.", stream=True)
    assert fresh.headers["x-watchllm-cache"] == "MISS"
    assert fresh.text.endswith("data: [DONE]\n\n")
    assert [row["status"] for row in tenant.rows(4)] == [200] * 4
    assert "Traceback" not in large.log()


def test_errors_are_the_same(large: Edge) -> None:
    tenant = large.tenant()
    body = json.dumps({"model": "gpt-4o-mini", "messages": LARGE}).encode()
    refused = tenant.http.post(CHAT, content=body)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages")
    refused = tenant.http.post(CHAT, content=body, headers={"authorization": "Bearer lgw_no"})
    assert refused.status_code == 401
    refused = tenant.chat("x" * MAX_BODY_BYTES)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "request_too_large")
    pieces = (b"x" * 100_000 for _ in range(MAX_BODY_BYTES // 100_000 + 1))
    refused = tenant.http.post(CHAT, content=pieces)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "request_too_large")


def test_a_body_that_does_not_tell_its_length(large: Edge) -> None:
    tenant = large.tenant()
    for text in ("short", LARGE):
        body = json.dumps({"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]})
        halves = (half.encode() for half in (body[:30], body[30:]))
        answer = tenant.http.post(CHAT, content=halves)
        assert answer.status_code == 200, answer.text
        large.settled()
        assert tenant.chat(text).headers["x-watchllm-cache"] == "HIT"


def test_a_process_that_was_killed_is_replaced(large: Edge) -> None:
    tenant = large.tenant()
    tenant.ask(LARGE)
    (servant,) = servants(large)
    os.kill(servant, signal.SIGKILL)
    until(lambda: servants(large) not in ([], [servant]), "another process")
    assert tenant.chat(LARGE).headers["x-watchllm-cache"] == "HIT"


def test_a_client_that_leaves_is_missed(large: Edge) -> None:
    large.openai.behave(MODEL, Behaviour("step"))
    tenant = large.tenant(project={"cache_on_disconnect": False})
    body = {"model": MODEL, "messages": [{"role": "user", "content": LARGE}]}
    caller = Caller(large, tenant, stream=True, body=body)
    caller.send()
    large.openai.wait_for_requests(1)
    large.openai.step()
    caller.read_until(b"data: ")
    caller.leave()

    def over() -> bool:
        large.openai.step()  # what tells the edge that nobody reads
        return bool(tenant.rows(0))

    until(over, "the row of a stream that was left", every=0.1)
    assert tenant.rows()[0]["error_code"] == "client_disconnected"


def test_it_ends_with_its_parent() -> None:
    with Edge("cpython", LARGE_BODY_BYTES=str(LEAST)) as edge:
        tenant: Tenant = edge.tenant()
        tenant.chat(LARGE)
        (servant,) = servants(edge)
    until(lambda: not Path(f"/proc/{servant}").exists(), "the process to end")


def scope(path: str, *headers: tuple[bytes, bytes], method: str = "POST") -> dict[str, Any]:
    return {"type": "http", "method": method, "path": path, "headers": list(headers)}


def length(value: int) -> tuple[bytes, bytes]:
    return b"content-length", str(value).encode()


@pytest.mark.parametrize(
    ("asked", "large_one"),
    [
        (scope(CHAT, length(LEAST - 1)), False),
        (scope(CHAT, length(LEAST)), True),
        (scope("/v1/v1/chat/completions", length(LEAST)), True),
        (scope("/v1/embeddings", length(LEAST // 128)), True),
        (scope(CHAT, length(LEAST // 32), (b"content-encoding", b"gzip")), True),
        (scope("/v1/audio/transcriptions", length(LEAST)), False),
        (scope("/v1/models", length(LEAST)), False),
        (scope("/v1/models", method="GET"), False),
    ],
)
def test_which_bodies_are_large(asked: dict[str, Any], large_one: bool) -> None:
    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("its head is enough")

    takes, _ = asyncio.run(LargeBodies(LEAST, 1, 1).takes(asked, receive))
    assert takes == large_one


@pytest.mark.parametrize(
    ("sizes", "large_one", "read"), [((9, 9), False, 2), ((9, 11, 9), True, 2)]
)
def test_a_body_of_unknown_length_is_read_until_it_is_large(
    sizes: tuple[int, ...], large_one: bool, read: int
) -> None:
    left = [
        {"type": "http.request", "body": b"x" * size, "more_body": number < len(sizes)}
        for number, size in enumerate(sizes, 1)
    ]
    messages = list(left)

    async def receive() -> MutableMapping[str, Any]:
        return left.pop(0)

    async def run() -> None:
        takes, again = await LargeBodies(20, 1, 1).takes(scope(CHAT), receive)
        assert takes == large_one
        assert len(left) == len(sizes) - read
        assert [await again() for _ in messages] == messages

    asyncio.run(run())


def test_heads_keep_every_byte_and_line() -> None:
    head = {"status": 200, "headers": [(b"a", bytes(range(128, 256))), (b"a", b"2")]}
    assert load_head(dump_head(head)) == head


async def test_no_more_of_them_are_under_way_than_memory_allows() -> None:
    """Two fit; the third is refused, its body read; one alone is let in whatever its size. A key
    that has one under way has room for others up to the half."""
    large = LargeBodies(10, 100, 1_000)
    serving: list[asyncio.Task[list[Any]]] = []
    leave = asyncio.Event()

    async def ask(size: int, key: str) -> list[Any]:
        sent: list[Any] = []
        body = {"type": "http.request", "body": b"x" * size, "more_body": False}
        unread = [body]

        async def receive() -> MutableMapping[str, Any]:
            if unread:
                return unread.pop()
            await leave.wait()
            return {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        name, _, value = key.partition(": ")
        asked = scope(CHAT, length(size), (name.encode(), value.encode()))
        await large.serve(asked | {"query_string": b""}, receive, send)
        assert not unread
        return sent

    try:
        serving = [asyncio.create_task(ask(40, "authorization: Bearer a"))]
        await asyncio.sleep(0)  # it has begun
        for same in ("authorization: Bearer a", "authorization: bearer  a", "api-key: a"):
            assert (await ask(40, same))[0]["status"] == 503
        serving.append(asyncio.create_task(ask(40, "x-api-key: b")))
        await asyncio.sleep(0)
        start, end = await ask(40, "x-api-key: c")
        assert start["status"] == 503
        assert int(dict(start["headers"])[b"retry-after"]) > 0
        assert json.loads(end["body"])["error"]["code"] == "process_unavailable"
        serving.append(asyncio.create_task(ask(10, "x-api-key: a")))
        await asyncio.sleep(0)
        assert not serving[-1].done()
    finally:
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        await large.close()


@pytest.mark.parametrize(("idle", "patience"), [(0.01, 60), (60, 0.01)])
async def test_a_body_that_does_not_come_is_given_up(idle: float, patience: float) -> None:
    ours, theirs = socket.socketpair()
    reader, process = await asyncio.open_connection(sock=theirs)
    _, writer = await asyncio.open_connection(sock=ours)
    messages = [{"type": "http.request", "body": b"half", "more_body": True}]

    async def receive() -> MutableMapping[str, Any]:
        return messages.pop() if messages else await asyncio.Future()

    await upload(receive, writer, idle, patience)
    assert await read_frame(reader) == (BODY, b"half")
    assert await reader.read() == b""
    process.close()
    writer.close()
