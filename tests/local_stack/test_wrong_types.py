"""The demo provider refuses values of another type as the real ones do: 400, never a crash."""

import httpx
import pytest

from tests.doubles.anthropic_api import AnthropicDouble
from tests.doubles.openai_api import OpenAIDouble
from tests.loopback import NO_CERTIFICATES
from tests.worker.wrong_types import REQUESTS, mutations

pytestmark = pytest.mark.spread
OPENAI = ("chat", "chat, stream", "responses", "completions", "embeddings")
ANTHROPIC = ("messages", "messages, stream", "count_tokens")


@pytest.mark.parametrize("name", OPENAI + ANTHROPIC)
def test_never_a_crash(name: str) -> None:
    path, good = REQUESTS[name]
    anthropic = name in ANTHROPIC
    with (
        AnthropicDouble() if anthropic else OpenAIDouble() as double,
        httpx.Client(verify=NO_CERTIFICATES) as client,
    ):
        client.headers["authorization"] = f"Bearer {double.key}"
        if anthropic:
            client.headers = httpx.Headers(
                {"x-api-key": double.key, "anthropic-version": "2023-06-01"}
            )
        wrong = []
        for where, body in mutations(good):
            answer = client.post(f"{double.url}{path}", json=body)
            if answer.status_code not in (200, 400, 404):
                wrong.append(f"{where}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
