"""Requests as clients really write them: compressed, with a byte order mark, on untidy paths, as
Azure's SDK does."""

import gzip
import json
import zlib
from typing import Any

import openai
import pytest

from gateway.app import canonical
from tests.worker.edge import MAX_BODY_BYTES, Edge, Tenant

CHAT = "/v1/chat/completions"
HELLO = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
BODIES: dict[str, dict[str, Any]] = {
    CHAT: HELLO,
    "/v1/embeddings": {"model": "text-embedding-3-small", "input": "hello"},
    "/v1/messages": {**HELLO, "model": "claude-sonnet-4-5", "max_tokens": 100},
    "/v1/cache/purge": {"all": True},
}


def packed(value: Any) -> bytes:
    return gzip.compress(json.dumps(value).encode())


def post(tenant: Tenant, path: str, content: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return tenant.http.post(path, content=content, headers=named)


@pytest.mark.parametrize("path", BODIES)
def test_a_compressed_body(tenant: Tenant, path: str) -> None:
    answer = post(tenant, path, packed(BODIES[path]), content_encoding="gzip")
    assert answer.status_code == 200, answer.text


def test_it_is_the_same_question(edge: Edge, tenant: Tenant) -> None:
    tenant.ask("hello")
    for coding, body in {
        "GZIP": packed(HELLO),
        "deflate": zlib.compress(json.dumps(HELLO).encode()),
        "identity": json.dumps(HELLO).encode(),
    }.items():
        answer = post(tenant, CHAT, body, content_encoding=coding)
        assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "HIT"), coding
    answer = post(tenant, CHAT, b"\xef\xbb\xbf" + json.dumps(HELLO).encode())
    assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "HIT")
    assert edge.openai.calls() == 1


@pytest.mark.parametrize("path", BODIES)
def test_a_coding_that_is_not_taken(edge: Edge, tenant: Tenant, path: str) -> None:
    answer = post(tenant, path, b"{}", content_encoding="compress")
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "unsupported_encoding")
    assert "gzip" in answer.headers["accept-encoding"]
    assert "gzip" in answer.json()["error"]["message"]
    assert edge.openai.requests == []


def test_a_body_that_becomes_too_large_or_no_body_at_all(edge: Edge, tenant: Tenant) -> None:
    large = packed({**HELLO, "user": "x" * MAX_BODY_BYTES})
    answer = post(tenant, CHAT, large, content_encoding="gzip")
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
    answer = post(tenant, CHAT, packed(HELLO)[:-9], content_encoding="gzip")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")
    assert edge.openai.requests == []


@pytest.mark.parametrize("coding", [{}, {"content_encoding": "gzip"}])
def test_a_body_without_a_length_is_counted(
    edge: Edge, tenant: Tenant, coding: dict[str, str]
) -> None:
    piece = gzip.compress(b" " * 100_000, 0) if coding else b" " * 100_000
    large = (piece for _ in range(MAX_BODY_BYTES // len(piece) + 1))
    answer = post(tenant, CHAT, large, **coding)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
    body = packed(HELLO) if coding else json.dumps(HELLO).encode()
    answer = post(tenant, CHAT, (body[at : at + 7] for at in range(0, len(body), 7)), **coding)
    assert answer.status_code == 200
    assert edge.openai.requests[-1].json()["messages"] == HELLO["messages"]


def test_an_upload_without_a_length_is_counted(edge: Edge, tenant: Tenant) -> None:
    """Six in a row: what a caller does wrong opens no breaker."""
    chunk = b"x" * 100_000
    for _ in range(6):
        upload = (chunk for _ in range(MAX_BODY_BYTES // 100_000 + 1))
        answer = post(tenant, "/v1/moderations", upload, content_type="application/json")
        assert (answer.status_code, answer.json()["error"]["code"]) == (413, "request_too_large")
    small = (part for part in (b'{"input": ', b'"hello"}'))
    answer = post(tenant, "/v1/moderations", small, content_type="application/json")
    assert answer.headers["x-watchllm-provider"] == "openai"
    assert edge.openai.requests[-1].json() == {"input": "hello"}
    assert tenant.chat().status_code == 200


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/", "//"])
def test_the_base_url_answers_who_opens_it(edge: Edge, tenant: Tenant, path: str) -> None:
    url = f"{edge.base_url}{path}"
    answer = tenant.http.get(url, headers={"authorization": ""})
    assert answer.status_code == 200
    assert answer.json()["object"] == "watchllm"
    head = tenant.http.head(url, headers={"authorization": ""})
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/chat/completions/", "//v1/chat/completions", "/v1//chat//completions//"),
        *("/chat/completions", "/v1/v1/chat/completions"),
        *("/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21",),
        *("/v1/openai/deployments/gpt-4o-mini/chat/completions", "/openai/chat/completions"),
    ],
)
def test_ways_to_write_a_path(edge: Edge, tenant: Tenant, path: str) -> None:
    answer = tenant.http.post(f"{edge.base_url}{path}", json=HELLO)
    assert answer.status_code == 200, answer.text
    edge.settled()
    assert tenant.chat("hello").headers["x-watchllm-cache"] == "HIT"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/models/", ("/v1/models", None)),
        ("/v1/models/groq//llama/", ("/v1/models/groq/llama", None)),
        ("/openai/v1/chat/completions", ("/v1/chat/completions", None)),
        ("/openai/deployments/my%20gpt/embeddings", ("/v1/embeddings", "my gpt")),
        ("/openai/deployments/tts/audio/speech/", ("/v1/audio/speech", "tts")),
        ("/openai/files", ("/v1/files", None)),
        ("/openai/deployments/x", ("/deployments/x", None)),
        ("/health/", ("/health", None)),
        ("/v1/health", ("/health", None)),
        ("/v1/chat/completions/../models", ("/v1/chat/completions/../models", None)),
    ],
)
def test_the_canonical_path(path: str, expected: tuple[str, str | None]) -> None:
    assert canonical(path) == expected


def test_azures_sdk(edge: Edge, tenant: Tenant) -> None:
    with openai.AzureOpenAI(
        azure_endpoint=edge.base_url, api_key=tenant.key, api_version="2024-10-21", max_retries=0
    ) as client:
        made = client.chat.completions.create(
            model="gpt-4o-mini", messages=[{"role": "user", "content": "hello"}]
        )
        assert made.choices[0].message.content
        vectors = client.embeddings.create(model="text-embedding-3-small", input="hello")
        assert vectors.data[0].embedding
    edge.settled()
    assert tenant.chat("hello").headers["x-watchllm-cache"] == "HIT"


def test_the_deployment_is_the_model(edge: Edge, tenant: Tenant) -> None:
    body = {"messages": HELLO["messages"]}
    path = "/openai/deployments/gpt-4o-mini/chat/completions"
    for sent in (body, {**body, "model": "gpt-4o"}):
        assert tenant.http.post(path, json=sent).status_code == 200
        assert edge.openai.requests[-1].json()["model"] == "gpt-4o-mini"
