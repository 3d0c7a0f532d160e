"""The client gone, in the other dialects and through both translations: the stages at which the
formats differ. What was cached, exactly one usage row, and what became of the provider's stream.
"""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.doubles import anthropic_api
from tests.doubles.anthropic_api import AnthropicDouble
from tests.doubles.openai_api import Behaviour, OpenAIDouble
from tests.worker import faults
from tests.worker.caller import Caller
from tests.worker.edge import Edge, Tenant, until
from tests.worker.faults import entries, exactly

CLAUDE, GPT = "claude-haiku-4-5", "gpt-4o"
QUESTION: list[Any] = [{"role": "user", "content": "a question"}]
_MORE_THAN_EVENTS = 60


@dataclass(frozen=True, slots=True)
class Dialect:
    """``begins``: in the first event that the client sees; ``end``: in the last of a good stream;
    ``whole``: at the end of an answer in one piece."""

    path: str
    body: dict[str, Any]
    begins: bytes
    end: bytes
    whole: bytes

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.body["model"])


DIALECTS = {
    "messages": Dialect(
        "/v1/messages",
        {"model": CLAUDE, "max_tokens": 100, "messages": QUESTION},
        b"message_start",
        b"message_stop",
        b"output_tokens",
    ),
    "messages of OpenAI's models": Dialect(
        "/v1/messages",
        {"model": GPT, "max_tokens": 100, "messages": QUESTION},
        b"message_start",
        b"message_stop",
        b"output_tokens",
    ),
    "chat of Claude": Dialect(
        "/v1/chat/completions",
        {"model": CLAUDE, "messages": QUESTION},
        b"chat.completion.chunk",
        b"[DONE]",
        b"total_tokens",
    ),
    "responses": Dialect(
        "/v1/responses",
        {"model": GPT, "input": "a question"},
        b"response.created",
        b"response.completed",
        b"output_tokens",
    ),
    "completions": Dialect(
        "/v1/completions",
        {"model": GPT, "prompt": "a question", "max_tokens": 100},
        b"text_completion",
        b"[DONE]",
        b"total_tokens",
    ),
}


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Each in turn."""
    return DIALECTS[request.param]


@pytest.fixture
def known(edge: Edge) -> Tenant:
    """A tenant whose key the edge has in memory, without usage so far."""
    return faults.known(edge)


def provider(edge: Edge, dialect: Dialect) -> OpenAIDouble | AnthropicDouble:
    """Whoever answers the dialect's model."""
    return edge.anthropic if dialect.model == CLAUDE else edge.openai


def behave(edge: Edge, dialect: Dialect, name: Any) -> None:
    """Let the dialect's provider wait for the test: ``hold`` or ``step``."""
    if dialect.model == CLAUDE:
        edge.anthropic.behave(CLAUDE, anthropic_api.Behaviour(name))
    else:
        edge.openai.behave(GPT, Behaviour(name))


def calls(edge: Edge, tenant: Tenant, dialect: Dialect, *, stream: bool) -> Caller:
    """A caller that has sent the dialect's request."""
    caller = Caller(edge, tenant, stream=stream, path=dialect.path, body=dialect.body)
    caller.send()
    return caller


def at_length(dialect: Dialect) -> Dialect:
    """With an answer of hundreds of events: the stream is still open when the edge looks."""
    text = "a question " * 300
    body = {**dialect.body}
    if "messages" in body:
        body["messages"] = [{"role": "user", "content": text}]
    else:
        body["input" if "input" in body else "prompt"] = text
    return replace(dialect, body=body)


def is_served(edge: Edge, tenant: Tenant, dialect: Dialect) -> None:
    """One entry, and the answer comes from it, whole and as a stream."""
    assert len(entries(edge, tenant)) == 1
    before = provider(edge, dialect).calls()
    for stream, end in ((False, dialect.whole), (True, dialect.end)):
        hit = tenant.post(dialect.path, {**dialect.body, "stream": stream})
        assert hit.headers["x-watchllm-cache"] == "HIT"
        assert end in hit.content
    assert provider(edge, dialect).calls() == before


def test_before_its_request_is_complete(edge: Edge, known: Tenant, dialect: Dialect) -> None:
    caller = Caller(edge, known, stream=True, path=dialect.path, body=dialect.body)
    caller.send(body_bytes=20)
    caller.leave()
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["endpoint"]) == (400, dialect.path)
    assert provider(edge, dialect).calls() == 0
    assert entries(edge, known) == []


@pytest.mark.parametrize("stream", [False, True])
def test_while_the_provider_thinks(
    edge: Edge, known: Tenant, dialect: Dialect, *, stream: bool
) -> None:
    behave(edge, dialect, "hold")
    caller = calls(edge, known, dialect, stream=stream)
    provider(edge, dialect).wait_for_requests(1)
    caller.leave()
    provider(edge, dialect).release()
    until(lambda: known.stores() == 1, "the answer that was paid for to be stored")
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["error_code"], row["cache_status"]) == (200, None, "MISS")
    assert row["completion_tokens"] > 0
    is_served(edge, known, dialect)


def test_in_the_middle_of_a_stream(edge: Edge, known: Tenant, dialect: Dialect) -> None:
    behave(edge, dialect, "step")
    caller = calls(edge, known, dialect, stream=True)
    provider(edge, dialect).wait_for_requests(1)
    provider(edge, dialect).step()
    caller.read_until(dialect.begins)
    caller.leave()
    for _ in range(_MORE_THAN_EVENTS):
        provider(edge, dialect).step()
    until(lambda: known.stores() == 1, "the answer that was paid for to be stored")
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["error_code"]) == (200, None)
    assert row["completion_tokens"] > 0
    is_served(edge, known, dialect)


def test_in_the_middle_of_a_stream_that_it_alone_wanted(edge: Edge, dialect: Dialect) -> None:
    tenant = edge.tenant(project={"cache_on_disconnect": False})
    tenant.http.get("/v1/cache/stats")
    faults.forget(edge, tenant, rows=1)
    behave(edge, dialect, "step")
    caller = calls(edge, tenant, dialect, stream=True)
    double = provider(edge, dialect)
    double.wait_for_requests(1)
    double.step()
    caller.read_until(dialect.begins)
    caller.leave()

    # The provider's next event is what the edge finds nobody waiting for.
    def told() -> bool:
        double.step()
        return bool(faults.rows_of(edge, tenant))

    until(told, "the row", every=0.1)
    (row,) = exactly(edge, tenant, 1)
    assert (row["status"], row["error_code"]) == (200, "client_disconnected")
    assert entries(edge, tenant) == []
    until(lambda: double.broken_off() == 1, "the provider's connection to be closed")


@pytest.mark.parametrize("stream", [False, True])
def test_while_it_is_served_from_the_cache(
    edge: Edge, known: Tenant, dialect: Dialect, *, stream: bool
) -> None:
    known.post(dialect.path, dialect.body)
    until(lambda: known.stores() == 1, "the entry")
    known.rows(1)
    caller = calls(edge, known, dialect, stream=stream)
    caller.read_until(b"HTTP/1.1 200")
    caller.leave()
    rows = exactly(edge, known, 2)
    assert [(row["cache_status"], row["status"]) for row in rows] == [("MISS", 200), ("HIT", 200)]
    is_served(edge, known, dialect)


@pytest.mark.parametrize("stream", [False, True])
def test_after_the_last_byte(edge: Edge, known: Tenant, dialect: Dialect, *, stream: bool) -> None:
    caller = calls(edge, known, dialect, stream=stream)
    caller.read_until(dialect.end if stream else dialect.whole)
    caller.leave()
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["error_code"], row["cache_status"]) == (200, None, "MISS")
    is_served(edge, known, dialect)
