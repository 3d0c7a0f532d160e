"""The worked example of docs/public/providers.md, carried out on a copy of the Worker."""

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from tests.doubles.server import Double
from tests.worker.edge import ROOT, Edge
from tests.worker.faults import exactly
from tests.worker.sdks import native, sdk, streamed, whole

PAGE = (ROOT / "docs/public/providers.md").read_text()
FILES = {
    path: (language, text)
    for language, path, text in re.findall(
        r'^```(python|diff) title="([^"]+)"\n(.*?)^```$', PAGE, re.MULTILINE | re.DOTALL
    )
}
KEY = "acme-key-of-the-deployment"


class AcmeDouble(Double):
    """As much of OpenAI's protocol as the example's requests need, behind another key header."""

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        if request.headers.get("x-acme-key") != KEY or "authorization" in request.headers:
            return web.json_response({"error": {"message": "x-acme-key, please"}}, status=401)
        if request.path == "/v1/models":
            return web.json_response({"object": "list", "data": [{"id": "acme-large"}]})
        assert request.path == "/v1/chat/completions"
        wanted = json.loads(body)
        said = f"You said: {wanted['messages'][-1]['content']}"
        message = {"role": "assistant", "content": said}
        return web.json_response(
            {
                "id": "acme-1",
                "object": "chat.completion",
                "created": 1,
                "model": wanted["model"],
                "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
            }
        )


def patched(text: str, diff: str) -> str:
    """``text`` after a diff of changed lines (``-`` then ``+``) and lines that follow another."""
    before = ""
    for line in diff.splitlines():
        sign, content = line[0], line[1:]
        if sign == "+":
            assert text.count(f"{before}\n") == 1, before
            replaced = content if before in removed(diff) else f"{before}\n{content}"
            text = text.replace(f"{before}\n", f"{replaced}\n")
        before = content
    return text


def removed(diff: str) -> set[str]:
    return {line[1:] for line in diff.splitlines() if line.startswith("-")}


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Edge, AcmeDouble]]:
    """The edge with the provider of the example."""
    copy: Path = tmp_path_factory.mktemp("repository")
    for folder in ("worker/src", "shared/src"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, (language, text) in FILES.items():
        file = copy / path
        if language == "python":
            file.parent.mkdir()
            file.write_text(text)
        else:
            file.write_text(patched(file.read_text(), text))
    sources = os.pathsep.join(str(copy / folder) for folder in ("shared/src", "worker/src"))
    with (
        AcmeDouble() as acme,
        Edge(
            "cpython", PYTHONPATH=sources, ACME_API_KEY=KEY, ACME_BASE_URL=f"{acme.url}/v1"
        ) as edge,
    ):
        yield edge, acme


def test_the_example_is_one_folder_and_one_line() -> None:
    assert {path: language for path, (language, _) in FILES.items()} == {
        "worker/src/gateway/providers/acme/__init__.py": "python",
        "worker/src/gateway/providers/registry.py": "diff",
    }
    _, diff = FILES["worker/src/gateway/providers/registry.py"]
    added = [line for line in diff.splitlines() if line.startswith("+") and "import" not in line]
    assert added == ["+        acme.PROVIDER,"]


@pytest.mark.parametrize("model", ["acme-large", "acme/small"])
def test_it_is_routed_to_cached_and_accounted_for(
    extended: tuple[Edge, AcmeDouble], model: str
) -> None:
    edge, acme = extended
    edge.quiet()
    acme.forget()
    tenant = edge.tenant()
    first = tenant.ask("hello", model=model)
    second = tenant.chat("hello", model=model, stream=True)
    assert [answer.headers["x-watchllm-cache"] for answer in (first, second)] == ["MISS", "HIT"]
    assert first.headers["x-watchllm-provider"] == "acme"
    assert [request.json()["model"] for request in acme.requests] == [model.removeprefix("acme/")]
    assert edge.openai.calls() == 0
    rows = exactly(edge, tenant, 2)
    assert {row["provider"] for row in rows} == {"acme"}
    assert {row["cost_nanousd"] for row in rows} == {None, 0}  # no price is known for it


def test_anthropics_sdk_reaches_it(extended: tuple[Edge, AcmeDouble]) -> None:
    edge, _ = extended
    tenant = edge.tenant()
    body = native("hello", model="acme-large")
    with sdk(tenant) as client:
        first, original = whole(client, body)
        edge.settled()
        second, replayed = streamed(client, body)
    assert (first, second) == ("MISS", "HIT")
    assert original["content"][0]["text"] == replayed["content"][0]["text"] == "You said: hello"


def test_its_models_are_listed(extended: tuple[Edge, AcmeDouble]) -> None:
    edge, _ = extended
    listed = edge.tenant().http.get("/v1/models").json()["data"]
    assert "acme/acme-large" in [model["id"] for model in listed]
