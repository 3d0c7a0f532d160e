"""SDKs in a browser's page, and monitors: preflights, readable answers, HEAD."""

import httpx
import pytest

from gateway.redis import calls
from tests.worker.edge import Edge, Tenant

CHAT = "/v1/chat/completions"
ORIGIN = {"origin": "https://app.example"}


@pytest.mark.parametrize("path", [CHAT, "/v1/messages", "/v1/images/generations", "/v1/nothing"])
def test_a_preflight_allows_what_the_sdks_send(edge: Edge, path: str) -> None:
    asked = "authorization,content-type,x-stainless-os,x-watchllm-cache"
    preflight = {
        **ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": asked,
    }
    answer = httpx.options(f"{edge.base_url}{path}", headers=preflight)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == asked
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert httpx.options(f"{edge.base_url}{path}").status_code == 204
    assert edge.openai.requests == []
    # Of tests before, rows may still be on their way.
    asked = {str(command[1]) for command in edge.upstash.commands() if len(command) > 1}
    assert asked.isdisjoint({calls.ADMIT.sha1, calls.ADMIT.source})


@pytest.mark.parametrize("stream", [False, True])
def test_a_page_may_read_answers(tenant: Tenant, *, stream: bool) -> None:
    answer = tenant.chat("hello", ORIGIN, stream=stream)
    assert answer.headers["access-control-allow-origin"] == "*"
    exposed = answer.headers["access-control-expose-headers"].split(", ")
    assert {"x-request-id", "x-watchllm-cache"} <= set(exposed)
    assert {"retry-after", "retry-after-ms", "x-should-retry"} <= set(exposed)  # SDKs obey them
    assert {name for name in answer.headers if name.startswith("x-")} <= set(exposed)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [(CHAT, "{", 400), (CHAT, "{}", 400), ("/v1/nothing", "{}", 404), ("/v1/models", "{}", 405)],
)
def test_a_page_may_read_errors(tenant: Tenant, path: str, body: str, status: int) -> None:
    answer = tenant.http.post(path, content=body, headers=ORIGIN)
    assert answer.status_code == status
    assert answer.headers["access-control-allow-origin"] == "*"
    refused = tenant.http.post(path, content=body, headers={**ORIGIN, "authorization": "Bearer x"})
    assert refused.status_code in (401, 404, 405)
    assert refused.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("path", ["/health", "/v1/models", "/v1/cache/stats"])
def test_head_is_a_get_without_its_body(tenant: Tenant, path: str) -> None:
    whole = tenant.http.get(path)
    head = tenant.http.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == whole.headers["content-type"]
    # The connection is in order afterwards.
    assert tenant.http.get(path).json().keys() == whole.json().keys()


def test_head_of_what_only_takes_posts(tenant: Tenant) -> None:
    answer = tenant.http.head(CHAT)
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.content == b""
