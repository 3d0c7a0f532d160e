"""The fault table of the provider: what the client saw, what was cached, what was logged.

Each row runs against the running edge with real sockets. Whatever happens: one usage row, an entry
only of a whole good answer, and the next request is served as if nothing had been.
"""

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant
from tests.worker.faults import entries, error_code, exactly
from tests.worker.test_keys import edit

MODEL = "gpt-4o"
HUGE = json.dumps(
    {
        "id": "x",
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "x" * 1_000_000},
                "finish_reason": "stop",
            }
        ],
    }
).encode()
_WHOLE = b'data: {"id": "x", "object": "chat.completion.chunk", "choices": []}\n\n'


@dataclass(frozen=True, slots=True)
class Fault:
    """``seen``: status and error code of the answer; ``logged``: the row's status and error code.

    ``behaviour``: the provider's, what happens to its connections, or one that is never made.
    ``cut``: the status is sent when it breaks, so the stream ends with an error event, or as the
    provider ended it (``None``). ``times``: how often it goes wrong, ``None`` for every time.
    """

    behaviour: Behaviour | Literal["refused", "reset", "nobody accepts"]
    stream: bool
    seen: tuple[int, str | None]
    logged: tuple[int, str | None]
    cut: str | None = None
    stored: bool = False
    times: int | None = None


RETRY_LATER = Behaviour("rate-limited", retry_after="7")
GOOD = (200, None)


def refusal(status: int, code: str | None) -> Behaviour:
    """An error as the provider words it."""
    error = {"message": "No.", "type": "some_error", "param": None, "code": code}
    body = json.dumps({"error": error}).encode()
    return Behaviour("raw", status=status, body=body, content_type="application/json")


def answer_of(size: int, coding: str = "") -> Behaviour:
    """A good answer of so many bytes, spaces most of them."""
    body = HUGE[:1] + b" " * (size - len(HUGE)) + HUGE[1:]
    body = gzip.compress(body) if coding else body
    return Behaviour("raw", status=200, body=body, content_type="application/json", coding=coding)


def answered(behaviour: Any, status: int, code: str | None, *, stream: bool) -> Fault:
    """A fault that the client gets as a status."""
    return Fault(behaviour, stream, (status, code), (status, code or "server_error"))


def broken(name: Any, row_code: str, cut: str | None) -> Fault:
    """A stream that does not end well."""
    return Fault(Behaviour(name), True, (200, None), (200, row_code), cut)


TABLE: dict[str, Fault] = {
    f"{name}, {'streamed' if stream else 'whole'}": fault
    for stream in (False, True)
    for name, fault in {
        "400": answered(refusal(400, "bad"), 400, "bad", stream=stream),
        "401": answered(refusal(401, "invalid_api_key"), 401, "invalid_api_key", stream=stream),
        "429 with retry-after": answered(RETRY_LATER, 429, "rate_limit_exceeded", stream=stream),
        "500": answered(Behaviour("server-error"), 500, None, stream=stream),
        "500 once": Fault(Behaviour("server-error"), stream, GOOD, GOOD, stored=True, times=1),
        "429 once, for a moment": Fault(
            Behaviour("rate-limited", retry_after="0"), stream, GOOD, GOOD, stored=True, times=1
        ),
        "connections refused": answered("refused", 502, "upstream_unreachable", stream=stream),
        "connections reset": answered("reset", 502, "upstream_unreachable", stream=stream),
        "connections never made": answered(
            "nobody accepts", 504, "upstream_timeout", stream=stream
        ),
        "503": answered(Behaviour("server-error", status=503), 503, None, stream=stream),
        "stall before the first byte": answered(
            Behaviour("stall-first"), 504, "upstream_timeout", stream=stream
        ),
        "not JSON": answered(
            Behaviour("raw", status=200, body=b"<html>", content_type="text/html"),
            502,
            "upstream_unreachable",
            stream=stream,
        ),
        "over the limit": answered(answer_of(1_600_000), 502, "upstream_too_large", stream=stream),
        "over the limit, decompressed": answered(
            answer_of(1_600_000, coding="gzip"), 502, "upstream_too_large", stream=stream
        ),
    }.items()
} | {
    "stall mid-stream": broken("stall-mid", "upstream_timeout", "upstream_timeout"),
    "reset mid-stream": broken("reset-mid", "upstream_disconnected", "upstream_unreachable"),
    "error event mid-stream": broken("error-mid", "stream_incomplete", None),
    "end without [DONE]": broken("truncate", "stream_incomplete", None),
    "garbage among the events": broken("garbage", "stream_incomplete", None),
    "one huge chunk": broken("huge", "too_large_to_cache", None),
    "one huge answer": Fault(
        Behaviour("raw", status=200, body=HUGE, content_type="application/json"), False, GOOD, GOOD
    ),
    "nothing but a good chunk": Fault(
        Behaviour("raw", status=200, body=_WHOLE), True, (200, None), (200, "stream_incomplete")
    ),
    "open after [DONE]": Fault(Behaviour("open"), True, GOOD, GOOD, stored=True),
    "a moment's delay": Fault(Behaviour("delay"), True, GOOD, GOOD, stored=True),
}


@contextmanager
def nobody_accepts() -> Iterator[str]:
    """The URL of a port whose queue is full: a connection to it is never made."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listener.getsockname())
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            for each in waiting:
                each.close()


@contextmanager
def failing(edge: Edge, tenant: Tenant, fault: Fault) -> Iterator[None]:
    """The provider as the row wants it."""
    if isinstance(fault.behaviour, Behaviour):
        edge.openai.behave(MODEL, fault.behaviour, times=fault.times)
        yield
    elif fault.behaviour == "nobody accepts":
        with nobody_accepts() as base_url:
            tenant.bring_key(base_url)
            yield
        edit(edge, tenant, credentials=[])
    else:
        edge.openai.break_with(fault.behaviour)
        yield
    edge.openai.heal()
    edge.openai.behave_well()


@pytest.mark.parametrize("name", TABLE)
def test_fault(fragile: Edge, name: str) -> None:
    fault = TABLE[name]
    tenant = fragile.tenant()
    with failing(fragile, tenant, fault):
        answer = tenant.chat("a question", model=MODEL, stream=fault.stream)
    # What the client saw.
    status, code = fault.seen
    assert answer.status_code == status
    assert error_code(answer.text) == (code if status >= 400 else fault.cut)
    if status == 200 and fault.stream and fault.stored:
        assert answer.text.endswith("data: [DONE]\n\n")
    if fault.behaviour == RETRY_LATER:
        assert answer.headers["retry-after"] == "7"
    # What was logged.
    (row,) = exactly(fragile, tenant, 1)
    assert (row["status"], row["error_code"], row["cache_status"]) == (*fault.logged, "MISS")
    # What was cached.
    assert len(entries(fragile, tenant)) == int(fault.stored)
    again = tenant.chat("a question", model=MODEL)
    assert again.status_code == 200
    assert again.headers["x-watchllm-cache"] == ("HIT" if fault.stored else "MISS")
    assert again.json()["choices"][0]["message"]["content"] == "You said: a question"


def test_a_switch_to_another_protocol_is_no_answer(fragile: Edge) -> None:
    """502; Node's fetch() waits for an answer instead, until its time is up."""
    tenant = fragile.tenant()
    fragile.openai.behave(MODEL, Behaviour("raw", status=101))
    answer = tenant.chat(model=MODEL)
    assert answer.status_code in (502, 504)
    assert fragile.openai.calls() == 1
    assert entries(fragile, tenant) == []
