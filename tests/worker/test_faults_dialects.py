"""The fault table of the provider for the other dialects: native messages, both translations and
responses. What the client saw, what was cached, what was logged, as in test_faults_provider.py.
"""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.doubles import anthropic_api
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant
from tests.worker.faults import entries, exactly

CLAUDE, GPT = "claude-haiku-4-5", "gpt-4o"
QUESTION: list[Any] = [{"role": "user", "content": "a question"}]


@dataclass(frozen=True, slots=True)
class Dialect:
    """``end``: what the last event of a good stream holds. ``as_sent``: on a JavaScript host the
    provider's bytes go to the client untouched, so a stream that breaks has no event for it."""

    path: str
    body: dict[str, Any]
    end: str
    as_sent: bool = False

    @property
    def model(self) -> str:
        """The model's name."""
        return str(self.body["model"])


DIALECTS = {
    "messages": Dialect(
        "/v1/messages",
        {"model": CLAUDE, "max_tokens": 100, "messages": QUESTION},
        "message_stop",
        as_sent=True,
    ),
    "messages of OpenAI's models": Dialect(
        "/v1/messages", {"model": GPT, "max_tokens": 100, "messages": QUESTION}, "message_stop"
    ),
    "chat of Claude": Dialect(
        "/v1/chat/completions", {"model": CLAUDE, "messages": QUESTION}, "[DONE]"
    ),
    "responses": Dialect(
        "/v1/responses",
        {"model": GPT, "input": "a question", "store": False},
        "response.completed",
    ),
}

CUT_RESPONSE = (
    b'event: response.created\ndata: {"type": "response.created", "sequence_number": 0, '
    b'"response": {"id": "resp_1", "object": "response", "status": "in_progress"}}\n\n'
    b'event: response.output_text.delta\ndata: {"type": "response.output_text.delta", '
    b'"sequence_number": 1, "item_id": "m", "output_index": 0, "content_index": 0, "delta": "You"}'
    b"\n\n"
)
ERROR_EVENT = b'event: error\ndata: {"type": "error", "code": "server_error", "message": "x"}\n\n'


def fault(edge: Edge, dialect: Dialect, name: Any) -> None:
    """Let the dialect's provider fail as ``name`` says."""
    if dialect.model == CLAUDE:
        edge.anthropic.behave(CLAUDE, anthropic_api.Behaviour(name))
    elif dialect.path == "/v1/responses" and name == "error-mid":
        edge.openai.behave(GPT, Behaviour("raw", status=200, body=CUT_RESPONSE + ERROR_EVENT))
    else:
        edge.openai.behave(GPT, Behaviour(name))


def claudes(edge: Edge) -> Tenant:
    """A tenant who brings a key of Anthropic's: this edge has none."""
    tenant = edge.tenant()
    tenant.bring_key(edge.anthropic.base_url, provider="anthropic", key=edge.anthropic.key)
    return tenant


def streamed(tenant: Tenant, dialect: Dialect) -> tuple[int, str, bool]:
    """Status, text, and whether the connection broke."""
    text, body = "", {**dialect.body, "stream": True}
    with tenant.http.stream("POST", dialect.path, json=body) as answer:
        try:
            for part in answer.iter_text():
                text += part
        except httpx.TransportError:
            return answer.status_code, text, True
        return answer.status_code, text, False


def served_again(edge: Edge, tenant: Tenant, dialect: Dialect) -> None:
    """As if nothing had been: a miss, whole and stored."""
    edge.openai.behave_well()
    edge.anthropic.behave_well()
    before = len(entries(edge, tenant))
    status, text, broke = streamed(tenant, dialect)
    assert (status, broke) == (200, False)
    assert dialect.end in text.rstrip().split("\n\n")[-1]
    edge.settled()
    assert len(entries(edge, tenant)) == before + 1


CUTS = {
    "stall-mid": "upstream_timeout",
    "reset-mid": "upstream_disconnected",
    "error-mid": "stream_incomplete",
    "truncate": "stream_incomplete",
}
"""How a stream breaks → the row's error code."""
ROWS = [(kind, name) for kind in DIALECTS for name in CUTS]


@pytest.mark.parametrize(("kind", "name"), ROWS)
def test_a_stream_that_does_not_end_well(fragile: Edge, kind: str, name: str) -> None:
    dialect = DIALECTS[kind]
    tenant = claudes(fragile)
    fault(fragile, dialect, name)
    status, text, broke = streamed(tenant, dialect)
    # What the client saw: no regular end, but an error event or a broken connection.
    assert status == 200
    assert dialect.end not in text
    if name in ("stall-mid", "reset-mid"):
        assert broke == (dialect.as_sent and fragile.host != "cpython")
        assert broke or '"error"' in text.rstrip().split("\n\n")[-1]
    elif name == "error-mid":
        assert '"error"' in text
    # What was logged, what was cached.
    (row,) = exactly(fragile, tenant, 1)
    assert (row["status"], row["error_code"]) == (200, CUTS[name])
    assert entries(fragile, tenant) == []
    served_again(fragile, tenant, dialect)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", DIALECTS)
def test_a_provider_that_answers_500(fragile: Edge, kind: str, *, stream: bool) -> None:
    dialect = DIALECTS[kind]
    tenant = claudes(fragile)
    fault(fragile, dialect, "server-error")
    answer = tenant.post(dialect.path, {**dialect.body, "stream": stream})
    assert answer.status_code == 500
    envelope = json.loads(answer.text)
    assert (envelope.get("type") == "error") == dialect.path.startswith("/v1/messages")
    assert envelope["error"]["message"]
    (row,) = exactly(fragile, tenant, 1)
    assert row["status"] == 500
    assert entries(fragile, tenant) == []
    served_again(fragile, tenant, dialect)
