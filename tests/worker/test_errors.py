"""Every way a request can fail: status, envelope, headers, and which services it did not reach."""

import json
from typing import Any

import httpx
import pytest

from shared import api_keys
from tests.doubles.openai_api import Behaviour
from tests.loopback import NO_CERTIFICATES
from tests.worker.edge import MAX_BODY_BYTES, Edge, Tenant

CHAT = "/v1/chat/completions"
BODY: dict[str, Any] = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hi"}]}


def refused(answer: httpx.Response, status: int, code: str, kind: str | None = None) -> None:
    """The answer is ours, in OpenAI's envelope."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"message", "type", "param", "code"}
    assert body["error"]["code"] == code
    assert body["error"]["message"]
    assert kind is None or body["error"]["type"] == kind
    assert answer.headers["x-request-id"]
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({}, "didn't provide an API key"),
        ({"authorization": "Bearer"}, "didn't provide an API key"),
        ({"authorization": "Basic dXNlcjpwYXNz"}, "didn't provide an API key"),
        ({"authorization": "Bearer sk-proj-0123456789abcdef"}, "start with lgw_"),
        ({"authorization": "Bearer lgw_" + "0" * 38}, "Incorrect API key"),
        ({"x-api-key": "lgw_short"}, "Incorrect API key"),
    ],
)
def test_without_a_good_key(edge: Edge, headers: dict[str, str], says: str) -> None:
    answer = httpx.post(
        edge.base_url + CHAT, json=BODY, headers=headers, timeout=60, verify=NO_CERTIFICATES
    )
    refused(answer, 401, "invalid_api_key", "invalid_request_error")
    assert says in answer.json()["error"]["message"]
    # The format tells, so nobody was asked; and the key is not repeated.
    assert edge.supabase.calls("resolve_api_key") == 0
    assert edge.openai.requests == []
    assert "0123456789abcdef" not in answer.text


def test_an_unknown_key(edge: Edge) -> None:
    key = api_keys.generate()
    answer = httpx.post(
        edge.base_url + CHAT, json=BODY, headers={"authorization": f"Bearer {key}"}, timeout=60
    )
    refused(answer, 401, "invalid_api_key")
    assert key not in answer.text
    assert key[-4:] in answer.json()["error"]["message"]


@pytest.mark.parametrize("scheme", ["Bearer {}", "bearer {}", "BEARER  {}"])
def test_spellings_of_bearer(edge: Edge, tenant: Tenant, scheme: str) -> None:
    headers = {"authorization": scheme.format(tenant.key)}
    assert (
        httpx.post(
            edge.base_url + CHAT, json=BODY, headers=headers, timeout=60, verify=NO_CERTIFICATES
        ).status_code
        == 200
    )


def test_x_api_key_is_a_key_too(edge: Edge, tenant: Tenant) -> None:
    headers = {"x-api-key": tenant.key}
    assert (
        httpx.post(
            edge.base_url + CHAT, json=BODY, headers=headers, timeout=60, verify=NO_CERTIFICATES
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b'{"model": "m", "messages": [], "temperature": NaN}',
        b'{"model": "m", "messages": [], "temperature": -Infinity}',
        b'{"model": "m", "messages": [], "temperature": 1e999}',
        b'{"model": "m", "messages": [], "seed": ' + b"1" * 5000 + b"}",
        b'{"model": "m", "messages": [], "tools": ' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"a":' * 40_000,
        b'"' + b'[\\"' * 100_000,
        b"[" * 100_000,
    ],
    ids=lambda content: content[-12:].decode(),
)
def test_bad_json(edge: Edge, tenant: Tenant, content: bytes) -> None:
    refused(tenant.http.post(CHAT, content=content), 400, "invalid_json", "invalid_request_error")
    assert edge.openai.requests == []
    assert (
        httpx.get(f"{edge.base_url}/health", timeout=60, verify=NO_CERTIFICATES).status_code == 200
    )


def test_an_integer_that_is_too_long_is_named_in_words_for_callers(tenant: Tenant) -> None:
    answer = tenant.http.post(CHAT, content=json.dumps(BODY)[:-1] + f', "seed": {"9" * 5000}}}')
    refused(answer, 400, "invalid_json")
    message = answer.json()["error"]["message"]
    assert "an integer of more than 308 digits" in message
    assert "sys." not in message


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"\xed\xa0\x80", b"\xc3"])
def test_bytes_that_are_not_utf8_are_refused(edge: Edge, tenant: Tenant, bad: bytes) -> None:
    answer = tenant.http.post(CHAT, content=json.dumps(BODY).encode().replace(b"hi", bad))
    refused(answer, 400, "invalid_json")
    assert edge.openai.calls() == 0


def test_a_byte_order_mark_is_no_part_of_the_json(tenant: Tenant) -> None:
    answer = tenant.http.post(CHAT, content=b"\xef\xbb\xbf" + json.dumps(BODY).encode())
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "model"),
        ({"model": "", "messages": []}, "model"),
        ({"model": 4, "messages": []}, "model"),
        ({"model": "gpt\0", "messages": []}, "model"),
        ({"model": "gpt\ud800", "messages": []}, "model"),
        ({"model": "m"}, "messages"),
        ({"model": "m", "messages": "hi"}, "messages"),
        ({"model": "m", "messages": None}, "messages"),
        ({"model": "m", "messages": [], "stream": "yes"}, "stream"),
    ],
)
def test_fields_that_the_gateway_needs(
    edge: Edge, tenant: Tenant, body: dict[str, Any], param: str
) -> None:
    answer = tenant.http.post(CHAT, content=json.dumps(body))
    refused(answer, 400, "invalid_request", "invalid_request_error")
    assert answer.json()["error"]["param"] == param
    assert edge.openai.requests == []


def test_a_body_over_the_deployments_limit(edge: Edge, tenant: Tenant) -> None:
    refused(tenant.chat("x" * MAX_BODY_BYTES), 413, "request_too_large", "invalid_request_error")
    # é is two bytes: bytes are counted, not characters.
    refused(tenant.chat("é" * (MAX_BODY_BYTES // 2)), 413, "request_too_large")
    assert edge.openai.requests == []


def test_a_body_without_a_length_is_counted(edge: Edge, tenant: Tenant) -> None:
    chunk = b"x" * 100_000
    answer = tenant.http.post(CHAT, content=(chunk for _ in range(MAX_BODY_BYTES // 100_000 + 1)))
    refused(answer, 413, "request_too_large")


def test_an_answer_over_the_projects_limit_is_passed_on_and_not_stored(edge: Edge) -> None:
    tenant = edge.tenant(project={"max_body_bytes": 1024})
    for _ in range(2):
        answer = tenant.chat("long " * 400)
        assert answer.status_code == 200
        assert answer.headers["x-watchllm-cache"] == "MISS"
        edge.settled()
    assert edge.openai.calls() == 2


@pytest.mark.parametrize(
    ("path", "model"),
    [
        (CHAT, "gpt-4o-mini"),
        (CHAT, "claude-haiku-4-5"),
        ("/v1/messages", "gpt-4o-mini"),
        ("/v1/messages", "claude-haiku-4-5"),
    ],
)
def test_half_a_surrogate_pair_is_the_providers_to_judge(
    edge: Edge, tenant: Tenant, path: str, model: str
) -> None:
    half = json.dumps({**BODY, "model": model, "max_tokens": 10}).replace("hi", "\\ud83d")
    answer = tenant.http.post(path, content=half, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert (answer.json().get("type") == "error") == (path == "/v1/messages")
    provider = edge.anthropic if model.startswith("claude") else edge.openai
    assert provider.calls() == 1
    assert b"ud83d" in provider.requests[0].body


@pytest.mark.parametrize(
    "path", ["/v1/nothing", "/v1/chat", "/v2", "/openai/nothing", "/openai/v1/nothing"]
)
def test_unknown_route(tenant: Tenant, path: str) -> None:
    answer = tenant.post(path, {})
    refused(answer, 404, "unknown_url", "invalid_request_error")
    assert f"POST {path}" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", CHAT, "POST"),
        ("DELETE", CHAT, "POST"),
        ("PUT", "/v1/embeddings", "POST"),
        ("POST", "/v1/models", "GET"),
    ],
)
def test_method_not_allowed(tenant: Tenant, method: str, path: str, allowed: str) -> None:
    answer = tenant.http.request(method, path)
    refused(answer, 405, "method_not_allowed", "invalid_request_error")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, {"error": {"message": "No.", "type": "t", "param": "x", "code": "bad_thing"}}),
        (401, {"error": {"message": "Provider's key", "type": "t", "param": None, "code": None}}),
        (403, {"detail": "not OpenAI's envelope"}),
        (500, {"error": "text"}),
    ],
)
def test_a_providers_error_is_passed_on(
    edge: Edge, tenant: Tenant, status: int, body: dict[str, Any], *, stream: bool
) -> None:
    raw = json.dumps(body, indent=3).encode()
    kind = "application/json; odd=1"
    edge.openai.behave("gpt-4o", Behaviour("raw", status=status, body=raw, content_type=kind))
    answers = [tenant.chat("again", model="gpt-4o", stream=stream) for _ in range(2)]
    for answer in answers:
        assert answer.status_code == status
        assert answer.content == raw
        assert answer.headers["content-type"] == kind
        assert answer.headers["x-watchllm-cache"] == "MISS"
    assert edge.openai.calls() >= 2  # an error is never stored


def test_a_providers_rate_limit_keeps_its_retry_after(edge: Edge, tenant: Tenant) -> None:
    edge.openai.behave("gpt-4o", Behaviour("rate-limited", retry_after="7"))
    answer = tenant.chat(model="gpt-4o")
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "7"
    assert answer.json()["error"]["code"] == "rate_limit_exceeded"
    assert answer.headers["x-watchllm-upstream-request-id"] == "req_fault"
    assert answer.headers["x-request-id"] != "req_fault"


def test_a_model_that_the_provider_does_not_have(tenant: Tenant) -> None:
    answer = tenant.chat(model="no-such-model")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "model_not_found"


def test_a_provider_without_a_key(fragile: Edge) -> None:
    answer = fragile.tenant().chat(model="groq/llama-3.1-8b-instant")
    refused(answer, 424, "provider_not_configured")
    assert "groq" in answer.json()["error"]["message"]
    assert fragile.groq.requests == []


def test_a_provider_that_does_not_answer_in_time(fragile: Edge) -> None:
    fragile.openai.behave("gpt-4o", Behaviour("stall-first"))
    refused(fragile.tenant().chat(model="gpt-4o"), 504, "upstream_timeout", "server_error")


@pytest.mark.parametrize("fault", ["refused", "reset"])
def test_a_provider_out_of_reach(fragile: Edge, fault: Any) -> None:
    fragile.openai.break_with(fault)
    refused(fragile.tenant().chat(), 502, "upstream_unreachable", "server_error")


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b'{"a":' * 50_000])
def test_a_providers_answer_that_is_no_json_object(edge: Edge, tenant: Tenant, body: bytes) -> None:
    answer = Behaviour("raw", status=200, body=body, content_type="application/json")
    edge.openai.behave("gpt-4o", answer)
    refused(tenant.chat(model="gpt-4o"), 502, "upstream_unreachable")


def test_every_answer_carries_a_request_id(edge: Edge, tenant: Tenant) -> None:
    own = tenant.chat(headers={"x-watchllm-request-id": "order-17.a:b_c"})
    assert own.headers["x-request-id"] == "order-17.a:b_c"
    ids = {tenant.chat().headers["x-request-id"] for _ in range(3)}
    ids.add(
        httpx.get(f"{edge.base_url}/health", timeout=60, verify=NO_CERTIFICATES).headers[
            "x-request-id"
        ]
    )
    ids.add(
        httpx.get(f"{edge.base_url}/nowhere", timeout=60, verify=NO_CERTIFICATES).headers[
            "x-request-id"
        ]
    )
    wrong = tenant.chat(headers={"x-watchllm-request-id": "<script>"}).headers["x-request-id"]
    assert wrong != "<script>"
    assert len({*ids, wrong}) == 6
