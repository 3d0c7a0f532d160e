"""Every answer that docs/public/openapi.json promises, asked of the running edge and held to it.

Each documented path, method and status is provoked with a real request; status, content type,
headers and body must be as described, and an error's code one that the description names. Statuses
that only a defect of ours could cause are left out, by name. That every route is described, and no
other, is test_openapi.py's.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from gateway.core import errors
from tests.doubles import anthropic_api
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import MAX_BODY_BYTES, Edge, Tenant
from tests.worker.faults import error_code

FILE = Path(__file__).resolve().parents[2] / "docs/public/openapi.json"
SPEC: dict[str, Any] = json.loads(FILE.read_text())
HEALTH_TOKEN = "operators-only"
ONLY_A_DEFECT = {
    (path, "500")
    for path in (
        "/v1/models",
        "/v1/models/{model}",
        "/v1/cache/purge",
        "/v1/cache/stats",
        "/v1/cache/feedback",
    )
}
"""Where no provider can answer 500, it is `internal_error`, which nothing should cause."""
ELSEWHERE = {("/v1/cache/feedback", "200")}
"""Needs a hit by meaning first: test_semantic.py."""

Case = tuple[str, str, str]
CASES: list[Case] = [
    (path, method.upper(), status)
    for path, methods in SPEC["paths"].items()
    for method, operation in methods.items()
    for status in operation["responses"]
    if (path, status) not in ONLY_A_DEFECT | ELSEWHERE
]


@pytest.fixture(scope="module")
def session() -> Iterator[Edge]:
    """An edge that gives up soon, and knows no key of Groq's."""
    with Edge(
        "cpython",
        HEALTH_TOKEN=HEALTH_TOKEN,
        UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS="5",
        GROQ_API_KEY="",
    ) as edge:
        yield edge


@pytest.fixture(scope="module")
def without_anthropic(session: Edge) -> Iterator[Edge]:
    """Another process on the same doubles, without Anthropic's key."""
    with Edge("cpython", beside=session, ANTHROPIC_API_KEY="") as edge:
        yield edge


@pytest.fixture
def impatient(session: Edge) -> Edge:
    """The edge, when it has got over what the test before did to it."""
    session.quiet()
    session.recovered()
    session.quiet()
    return session


class Asked:
    """A documented operation on its way to a status."""

    def __init__(self, edge: Edge, path: str, method: str) -> None:
        self.edge = edge
        self.path = path
        self.method = method
        self.operation = SPEC["paths"][path][method.lower()]
        self.headers: dict[str, str] = {}
        self.parameters = {
            each["name"]: each["example"]
            for each in self.operation.get("parameters", ())
            if each.get("in") == "path"
        }
        self.body = self._example()
        self.tenant = edge.tenant()

    def _example(self) -> dict[str, Any] | None:
        """The documented example, a new question each time."""
        if "requestBody" not in self.operation:
            return None
        media = self.operation["requestBody"]["content"]["application/json"]
        body: dict[str, Any] = json.loads(json.dumps(media["example"]))
        if "verdict" not in body and "model" in body and "purge" not in self.path:
            body["metadata"] = {"user_id": "x"} if "messages" in self.path else {"team": "x"}
        if self.path in ("/v1/embeddings", "/v1/completions", "/v1/messages/count_tokens"):
            body.pop("metadata", None)
        return body

    def send(self, tenant: Tenant | None = None) -> httpx.Response:
        """Send it with the tenant's key, where the operation takes one."""
        client = (tenant or self.tenant).http
        content = None if self.body is None else json.dumps(self.body)
        headers = {"content-type": "application/json", **self.headers}
        return client.request(
            self.method, self.path.format(**self.parameters), content=content, headers=headers
        )

    @property
    def provider(self) -> Any:
        """The double that this operation's model belongs to."""
        claude = str((self.body or {}).get("model", "")).startswith("claude")
        return self.edge.anthropic if claude else self.edge.openai


def good(asked: Asked) -> httpx.Response:
    if asked.path == "/health/detailed":
        asked.headers["authorization"] = f"Bearer {HEALTH_TOKEN}"
    return asked.send()


def bad_header(asked: Asked) -> httpx.Response:
    asked.headers["x-watchllm-request-id"] = "not an id"
    return asked.send()


def no_key(asked: Asked) -> httpx.Response:
    asked.headers["authorization"] = "Bearer lgw_wrong"
    return asked.send()


def suspended(asked: Asked) -> httpx.Response:
    return asked.send(asked.edge.tenant(status="suspended"))


def unknown(asked: Asked) -> httpx.Response:
    asked.parameters["model"] = "gpt-none"
    return asked.send()


def too_large(asked: Asked) -> httpx.Response:
    assert asked.body is not None
    asked.body["padding"] = "x" * MAX_BODY_BYTES
    return asked.send()


def undecodable(asked: Asked) -> httpx.Response:
    asked.headers["content-encoding"] = "compress"
    return asked.send()


def no_provider(asked: Asked) -> httpx.Response:
    if asked.body is None:
        asked.parameters["model"] = "groq/llama-3.3-70b-versatile"
        return asked.send()
    if asked.path not in ("/v1/messages", "/v1/messages/count_tokens"):
        asked.body["model"] = {
            "/v1/embeddings": "mistral/mistral-embed",
            "/v1/completions": "together/llama",
        }.get(asked.path, "groq/llama-3.3-70b-versatile")
    return asked.send()


def too_many(asked: Asked) -> httpx.Response:
    tenant = asked.edge.tenant(plan={"requests_per_minute": 1})
    tenant.chat()
    return asked.send(tenant)


def provider_fails(asked: Asked) -> httpx.Response:
    assert asked.body is not None
    model = asked.body["model"]
    if asked.provider is asked.edge.anthropic:
        asked.edge.anthropic.behave(model, anthropic_api.Behaviour("server-error"))
    else:
        asked.edge.openai.behave(model, Behaviour("server-error"))
    return asked.send()


def provider_gone(asked: Asked) -> httpx.Response:
    for double in (asked.edge.openai, asked.edge.anthropic):
        double.break_with("refused")
    return asked.send()


def key_unchecked(asked: Asked) -> httpx.Response:
    asked.edge.supabase.break_with("refused")
    return asked.send()


def provider_silent(asked: Asked) -> httpx.Response:
    for double in (asked.edge.openai, asked.edge.anthropic):
        double.break_with("frozen")
    return asked.send()


PROVOKE: dict[str, Callable[[Asked], httpx.Response]] = {
    "200": good,
    "400": bad_header,
    "401": no_key,
    "403": suspended,
    "404": unknown,
    "413": too_large,
    "415": undecodable,
    "424": no_provider,
    "429": too_many,
    "500": provider_fails,
    "502": provider_gone,
    "503": key_unchecked,
    "504": provider_silent,
}


def resolved(item: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in item:
        found: Any = SPEC
        for part in item["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        item = found
    return item


def check(answer: httpx.Response, described: dict[str, Any]) -> None:
    """Content type, headers and body are as described."""
    kind = answer.headers["content-type"].partition(";")[0]
    media = described["content"][kind]
    for name in described.get("headers", {}):
        assert answer.headers.get(name), f"no {name}"
    assert answer.headers["x-request-id"]
    schema = {**media["schema"], "components": SPEC["components"]}
    if answer.status_code >= 400:
        dialect = "MessageError" if answer.url.path.startswith("/v1/messages") else "Error"
        own = {"$ref": f"#/components/schemas/{dialect}"}
        assert own in schema.get("oneOf", [media["schema"]])
        schema |= {"allOf": [own]}
    value = answer.json() if kind == "application/json" else answer.text
    found = [error.message for error in Draft202012Validator(schema).iter_errors(value)]
    assert not found, (found, answer.text[:500])


@pytest.mark.parametrize(("path", "method", "status"), CASES)
def test_an_answer_is_as_described(
    impatient: Edge, without_anthropic: Edge, path: str, method: str, status: str
) -> None:
    edge = without_anthropic if (status, path[:12]) == ("424", "/v1/messages") else impatient
    asked = Asked(edge, path, method)
    answer = PROVOKE[status](asked)
    assert answer.status_code == int(status), answer.text[:300]
    described = resolved(asked.operation["responses"][status])
    check(answer, described)
    code = error_code(answer.text)
    if code in errors.all_codes():
        assert f"`{code}`" in described["description"]


STREAMED = [
    path
    for path, methods in SPEC["paths"].items()
    if "post" in methods and "text/event-stream" in methods["post"]["responses"]["200"]["content"]
]


@pytest.mark.parametrize("path", STREAMED)
def test_a_stream_is_as_described(impatient: Edge, path: str) -> None:
    asked = Asked(impatient, path, "POST")
    assert asked.body is not None
    asked.body["stream"] = True
    for cache in ("MISS", "HIT"):
        answer = asked.send()
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-watchllm-cache"] == cache
        check(answer, asked.operation["responses"]["200"])
        impatient.settled()


@pytest.mark.parametrize("path", [path for path in SPEC["paths"] if path.startswith("/v1/cache/")])
def test_without_redis_the_cache_endpoints_say_so(impatient: Edge, path: str) -> None:
    impatient.quiet()
    (method,) = SPEC["paths"][path]
    asked = Asked(impatient, path, method.upper())
    asked.tenant.chat()
    impatient.upstash.break_with("refused")
    answer = asked.send()
    assert (answer.status_code, error_code(answer.text)) == (503, "cache_unavailable")
    check(answer, resolved(asked.operation["responses"]["503"]))


def test_each_documented_status_has_a_way_to_be_provoked() -> None:
    assert {status for _, _, status in CASES} == set(PROVOKE)


def test_every_kind_of_provider_error_keeps_a_described_shape(impatient: Edge) -> None:
    # The provider's own words pass: they must still be the envelope that is documented.
    tenant = impatient.tenant()
    behaviours: list[Any] = ["rate-limited", "overloaded", "server-error"]
    for name in behaviours:
        impatient.anthropic.behave("claude-opus-5-5", anthropic_api.Behaviour(name))
        body = {"model": "claude-opus-5-5", "max_tokens": 5, "messages": [{"role": "user"}]}
        body["messages"] = [{"role": "user", "content": uuid.uuid4().hex}]
        for path in ("/v1/messages", "/v1/chat/completions"):
            answer = tenant.post(path, body)
            schema = SPEC["components"]["responses"]["Internal"]["content"]["application/json"]
            whole = {**schema["schema"], "components": SPEC["components"]}
            Draft202012Validator(whole).validate(answer.json())
