"""Embedders of others find candidates; what is served stays our decision. Off by default."""

import itertools
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gateway.core import settings
from gateway.core.settings import SettingsError
from gateway.providers.registry import DEFAULT_BASE_URLS
from tests.doubles.embeddings_api import MODEL, WORKERS_AI_MODEL, EmbeddingsDouble
from tests.worker.edge import Edge, Tenant, until
from tests.worker.edges import missing
from tests.worker.in_process import ENCRYPTION_KEYS

ASKED = "How do I reverse a list in Python?"
PARAPHRASE = "How can I reverse a list in Python?"
OTHER = "How do I sort a list in Python?"
VILLAGES = itertools.count(1)
_PAUSE_SECONDS = 10.0  # of the embedder's breaker
REQUIRED = {
    **dict.fromkeys(settings.REQUIRED, "https://x.example"),
    "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
}


class AiEdge(Edge):
    """The Pyodide host with Workers AI bound to a double."""

    def __init__(self, ai_url: str, **env: str) -> None:
        super().__init__("pyodide", **env)
        self._ai_url = ai_url

    def _command(self, environment: dict[str, str]) -> list[str]:
        return [*super()._command(environment), "--ai", self._ai_url]


@pytest.fixture(scope="module")
def embedder() -> Iterator[EmbeddingsDouble]:
    with EmbeddingsDouble() as double:
        yield double


@pytest.fixture(scope="module", params=["openai", "workers-ai"])
def running(request: pytest.FixtureRequest, embedder: EmbeddingsDouble) -> Iterator[Edge]:
    """The endpoint on the CPython host, the binding on the Pyodide host."""
    common = {"SEMANTIC_EMBEDDER": request.param, "SEMANTIC_EMBEDDER_TIMEOUT_MS": "30000"}
    edge: Edge
    if request.param == "openai":
        edge = Edge(
            "cpython",
            SEMANTIC_EMBEDDER_MODEL=MODEL,
            SEMANTIC_EMBEDDER_BASE_URL=embedder.base_url,
            SEMANTIC_EMBEDDER_API_KEY=embedder.key,
            **common,
        )
    else:
        reason = missing("pyodide")
        if reason:
            pytest.skip(reason)
        edge = AiEdge(embedder.url, SEMANTIC_EMBEDDER_MODEL=WORKERS_AI_MODEL, **common)
    with edge:
        yield edge


@pytest.fixture
def opened(running: Edge, embedder: EmbeddingsDouble) -> Tenant:
    """A project whose owner has opened the semantic cache."""
    running.quiet()
    embedder.heal()
    embedder.answer_with(None)
    tenant = running.tenant(project={"semantic_mode": "strict", "semantic_opened": True})

    def asked_again() -> bool:
        embedder.asked.clear()
        tenant.chat(f"How do I get to village {next(VILLAGES)} by bus?")
        return bool(embedder.asked)

    until(asked_again, "the embedder to be asked, whatever an earlier test did to it")
    embedder.asked.clear()
    return running.tenant(project={"semantic_mode": "strict", "semantic_opened": True})


def status(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-watchllm-cache"])


def test_candidates_come_from_the_embedder(
    running: Edge, opened: Tenant, embedder: EmbeddingsDouble
) -> None:
    original = opened.chat(ASKED)
    running.settled()
    hit = opened.chat(PARAPHRASE)
    assert status(hit) == "HIT-SEMANTIC"
    assert hit.json()["choices"] == original.json()["choices"]
    assert set(embedder.asked) >= {ASKED, PARAPHRASE}
    assert (
        "embed;dur="
        in opened.chat("How long does it take to boil an egg?").headers["server-timing"]
    )


def test_our_decision_refuses_what_the_embedder_calls_equal(
    running: Edge, opened: Tenant, embedder: EmbeddingsDouble
) -> None:
    embedder.answer_with([1.0] * 768)
    opened.chat("What is the capital of Spain?")
    running.settled()
    answer = opened.chat("What is the capital of Sweden?")
    assert status(answer) == "MISS"
    decision = opened.rows(2)[1]["decision"]
    assert (decision["candidates"], decision["served"]) == (1, False)


def test_exact_repeats_ask_the_embedder_once(
    running: Edge, opened: Tenant, embedder: EmbeddingsDouble
) -> None:
    question = "Which planet has the most moons?"
    opened.chat(question)
    running.settled()
    assert status(opened.chat(question)) == "HIT"
    assert embedder.asked.count(question) <= 1


def test_prompts_that_take_no_part_are_not_sent(
    running: Edge, opened: Tenant, embedder: EmbeddingsDouble
) -> None:
    plain = running.tenant()
    assert status(plain.chat("How do plants make sugar?")) == "MISS"
    assert status(opened.chat("What is the weather in Rome today?")) == "MISS"
    assert status(opened.chat("How do birds fly?", {"x-watchllm-semantic": "off"})) == "MISS"
    assert embedder.asked == []


@pytest.mark.parametrize(
    "vector", [[], [1.0] * 10, ["a"] * 768, [None] * 768], ids=["empty", "narrow", "text", "null"]
)
def test_an_unusable_vector_is_no_failure(
    opened: Tenant, embedder: EmbeddingsDouble, vector: list[Any]
) -> None:
    embedder.answer_with(vector)
    _falls_back(opened, f"How heavy is a cloud of {len(vector)} drops?")


@pytest.mark.parametrize("fault", ["refused", "error", "reset"])
def test_an_embedder_that_fails_is_no_failure(
    opened: Tenant, embedder: EmbeddingsDouble, fault: Any
) -> None:
    embedder.break_with(fault, status=503)
    _falls_back(opened, "How do dolphins sleep?")


def test_an_embedder_that_does_not_answer_is_given_up_on() -> None:
    with EmbeddingsDouble() as slow:
        env = {
            "SEMANTIC_EMBEDDER": "openai",
            "SEMANTIC_EMBEDDER_MODEL": MODEL,
            "SEMANTIC_EMBEDDER_BASE_URL": slow.base_url,
            "SEMANTIC_EMBEDDER_API_KEY": slow.key,
            "SEMANTIC_EMBEDDER_TIMEOUT_MS": "500",
        }
        with Edge("cpython", **env) as edge:
            slow.break_with("frozen")
            tenant = edge.tenant(project={"semantic_mode": "strict"})
            began = time.monotonic()
            _falls_back(tenant, "How do dolphins sleep?")
            # After three failures in a row it is left alone, but for one try in each pause.
            for number in range(5):
                tenant.chat(f"How do {number} dolphins sleep?")
            pauses = (time.monotonic() - began) // _PAUSE_SECONDS
            assert 1 <= len(slow.requests) <= 3 + pauses


def _falls_back(tenant: Tenant, question: str) -> None:
    """Served, stored and found again as if there were no semantic cache."""
    assert status(tenant.ask(question)) == "MISS"
    assert status(tenant.chat(question)) == "HIT"
    decisions = [row["decision"] for row in tenant.rows(2)]
    assert decisions[0] == {"eligible": False, "reason": "embedder"}


def test_off_by_default() -> None:
    assert settings.load(REQUIRED, DEFAULT_BASE_URLS).embedder is None


@pytest.mark.parametrize(
    ("env", "named"),
    [
        ({"SEMANTIC_EMBEDDER": "magic"}, "SEMANTIC_EMBEDDER "),
        ({"SEMANTIC_EMBEDDER": "workers-ai"}, "SEMANTIC_EMBEDDER_MODEL"),
        (
            {"SEMANTIC_EMBEDDER": "openai", "SEMANTIC_EMBEDDER_MODEL": "m"},
            "SEMANTIC_EMBEDDER_BASE_URL",
        ),
    ],
)
def test_half_an_embedder_is_an_error(env: dict[str, str], named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        settings.load(REQUIRED | env, DEFAULT_BASE_URLS)


def test_the_key_is_not_in_a_representation() -> None:
    env = {
        "SEMANTIC_EMBEDDER": "openai",
        "SEMANTIC_EMBEDDER_MODEL": "m",
        "SEMANTIC_EMBEDDER_BASE_URL": "https://embedder.example/v1/",
        "SEMANTIC_EMBEDDER_API_KEY": "s3cret",
    }
    loaded = settings.load(REQUIRED | env, DEFAULT_BASE_URLS)
    assert loaded.embedder is not None
    assert loaded.embedder.base_url == "https://embedder.example/v1"
    assert "s3cret" not in repr(loaded)
