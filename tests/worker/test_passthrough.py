"""Requests that are passed through: where they may go, with whose key, and what is recorded."""

import gzip
import json
import socket

import pytest

from gateway.endpoints.passthrough import endpoint_name
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant

OWN_KEY = "sk-test-of-the-customer"


def bare(edge: Edge, tenant: Tenant, path: str, *, body: bytes = b"", method: str = "GET") -> bytes:
    """The head of the answer to a path that no client library would send."""
    host, port = edge.base_url.removeprefix("http://").split(":")
    request = (
        f"{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {tenant.key}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection((host, int(port)), timeout=60) as connection:
        connection.sendall(request.encode() + body)
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
    return received


@pytest.mark.parametrize(
    "path",
    [
        "/v1/audio/../../admin",
        "/v1/images/../chat/completions",
        "/v1/audio/%2e%2e/chat/completions",
        "/v1/audio/..%2fchat/completions",
        "/v1/audio/..%5cchat",
        "/v1/audio/x%3fy",
        "/v1/moderations-of-others",
        "/v1/filesystem",
    ],
)
def test_there_is_no_way_out_of_what_is_passed_through(
    edge: Edge, tenant: Tenant, path: str
) -> None:
    # Some hosts resolve dots before the edge sees them; either way it is another path then.
    for method in ("GET", "POST", "DELETE"):
        status = bare(edge, tenant, path, method=method).split()[1]
        assert status in (b"404", b"405", b"400")
    assert edge.openai.calls() == 0


@pytest.mark.parametrize(
    "path",
    [
        *("/v1/files", "/v1/uploads", "/v1/batches", "/v1/files/file-1/content"),
        *("/v1/batches/b/cancel", "/v1/responses/resp_1", "/v1/responses/resp_1/input_items"),
        *("/v1/chat/completions/c1", "/v1/audio/voice_consents", "/v1/audio/voices"),
    ],
)
def test_objects_of_the_deployments_account_are_nobodys(
    edge: Edge, tenant: Tenant, path: str
) -> None:
    for method in ("GET", "POST", "DELETE"):
        refused = tenant.http.request(method, path)
        assert refused.status_code == 424
        assert refused.json()["error"]["code"] == "provider_not_configured"
    assert edge.openai.calls() == 0
    own = edge.tenant()
    own.bring_key(edge.openai.base_url, key=OWN_KEY)
    own.http.get(path, params={"limit": "2"})
    (sent,) = edge.openai.requests
    assert (sent.method, sent.path, sent.query) == ("GET", path, "limit=2")
    assert sent.headers["authorization"] == f"Bearer {OWN_KEY}"


def test_a_deployment_for_one_customer_may_share_its_files() -> None:
    with Edge("cpython", SHARED_PROVIDER_FILES="1") as edge:
        edge.tenant().http.get("/v1/files", params={"limit": "2"})
        (sent,) = edge.openai.requests
        assert (sent.path, sent.query) == ("/v1/files", "limit=2")
        assert sent.headers["authorization"] == f"Bearer {edge.openai.key}"


def test_bytes_go_both_ways_as_they_are(edge: Edge, tenant: Tenant) -> None:
    sound = bytes(range(256)) * 40
    answer = tenant.http.post(
        "/v1/audio/transcriptions",
        data={"model": "whisper-1"},
        files={"file": ("a.wav", sound, "audio/wav")},
    )
    (sent,) = edge.openai.requests
    assert sound in sent.body
    assert sent.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert answer.headers["x-watchllm-cache"] == "BYPASS"
    assert answer.json()["error"]["message"] == "Invalid URL (POST /v1/audio/transcriptions)"

    spoken = Behaviour("raw", status=200, body=sound, content_type="audio/mpeg")
    edge.openai.behave("tts-1", spoken)
    answer = tenant.post("/v1/audio/speech", {"model": "tts-1", "input": "Hello", "voice": "alloy"})
    assert (answer.status_code, answer.content) == (200, sound)
    assert answer.headers["content-type"] == "audio/mpeg"


def test_an_encoded_body_says_so_to_the_provider(edge: Edge, tenant: Tenant) -> None:
    tenant.bring_key(edge.openai.base_url, key=OWN_KEY)
    body = gzip.compress(json.dumps({"input": "hello"}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    tenant.http.post("/v1/moderations", content=body, headers=headers)
    (sent,) = edge.openai.requests
    assert sent.headers["content-encoding"] == "gzip"
    assert json.loads(sent.body) == {"input": "hello"}  # the double's server has decoded it


def test_the_body_of_a_get_is_not_waited_for(edge: Edge, tenant: Tenant) -> None:
    """Its length was passed on without it: the provider waited for what never came."""
    tenant.bring_key(edge.openai.base_url, key=OWN_KEY)
    head = bare(edge, tenant, "/v1/responses/resp_1", body=b"{}")
    assert head.split()[1] in (b"401", b"404")  # the double does not know the customer's key
    (sent,) = edge.openai.requests
    assert sent.headers.get("content-length", "0") == "0"


def test_rows_name_the_endpoint_and_not_the_object(edge: Edge, tenant: Tenant) -> None:
    tenant.bring_key(edge.openai.base_url, key=OWN_KEY)
    tenant.http.get(f"/v1/responses/resp_{'0a' * 30}/input_items")
    (row,) = tenant.rows(1)
    assert row["endpoint"] == "/v1/responses/{id}/input_items"
    assert edge.openai.requests[0].path == f"/v1/responses/resp_{'0a' * 30}/input_items"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/audio/speech", "/v1/audio/speech"),
        ("/v1/files", "/v1/files"),
        ("/v1/files/file-abc/content", "/v1/files/{id}/content"),
        ("/v1/chat/completions/chatcmpl-1/messages", "/v1/chat/completions/{id}/messages"),
        ("/v1/images/" + "/".join(["a"] * 60), ("/v1/images" + "/a" * 60)[:64]),
    ],
)
def test_an_endpoints_name_fits_its_column(path: str, name: str) -> None:
    assert endpoint_name(path) == name
    assert len(name) <= 64
