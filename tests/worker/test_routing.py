"""Which provider a model's name leads to, as the provider sees it."""

import groq
import pytest

from tests.worker.edge import Edge, Tenant


@pytest.mark.parametrize(
    ("asked", "provider", "sent"),
    [
        ("gpt-6.2-sol", "openai", "gpt-6.2-sol"),
        ("o4-mini-deep-research", "openai", "o4-mini-deep-research"),
        ("ft:o4-mini:acme::id", "openai", "ft:o4-mini:acme::id"),
        ("openai/gpt-5.5", "openai", "gpt-5.5"),
        ("nobody-knows", "openai", "nobody-knows"),
        ("nobody/knows", "openai", "nobody/knows"),
        ("llama-3.1-8b-instant", "groq", "llama-3.1-8b-instant"),
        ("groq/qwen/qwen3-32b", "groq", "qwen/qwen3-32b"),
        # Groq's own names that begin as a provider's prefix does.
        ("groq/compound", "groq", "groq/compound"),
        ("groq/groq/compound-mini", "groq", "groq/compound-mini"),
        ("openai/gpt-oss-120b", "groq", "openai/gpt-oss-120b"),
        ("groq/openai/gpt-oss-20b", "groq", "openai/gpt-oss-20b"),
        ("claude-fable-5-2", "anthropic", "claude-fable-5-2"),
        ("anthropic/claude-haiku-5-5", "anthropic", "claude-haiku-5-5"),
    ],
)
def test_a_models_name_decides(
    edge: Edge, tenant: Tenant, asked: str, provider: str, sent: str
) -> None:
    answer = tenant.chat(model=asked)
    assert (answer.status_code, answer.headers["x-watchllm-provider"]) == (200, provider)
    doubles = {"openai": edge.openai, "groq": edge.groq, "anthropic": edge.anthropic}
    (request,) = doubles.pop(provider).requests
    assert request.json()["model"] == sent
    assert not any(double.requests for double in doubles.values())


@pytest.fixture
def groqs(tenant: Tenant) -> groq.Groq:
    """Groq's SDK, whose paths begin with ``/openai/v1``."""
    return groq.Groq(api_key=tenant.key, base_url=str(tenant.http.base_url), max_retries=0)


@pytest.mark.parametrize(
    ("asked", "sent"),
    [("qwen/qwen3-32b", "qwen/qwen3-32b"), ("compound-beta", "compound-beta")],
)
def test_from_groqs_sdk_an_unknown_name_is_groqs(
    edge: Edge, groqs: groq.Groq, asked: str, sent: str
) -> None:
    groqs.chat.completions.create(model=asked, messages=[{"role": "user", "content": "hello"}])
    assert edge.groq.requests[-1].json()["model"] == sent
    assert edge.openai.calls() == 0


def test_from_groqs_sdk_known_names_go_where_they_belong(edge: Edge, groqs: groq.Groq) -> None:
    for model in ("gpt-4o-mini", "claude-sonnet-5-5"):
        messages = [{"role": "user", "content": "hello"}]
        groqs.chat.completions.create(model=model, messages=messages)  # type: ignore[arg-type]
    assert (edge.openai.calls(), len(edge.anthropic.requests), edge.groq.calls()) == (1, 1, 0)


def test_what_groqs_sdk_uploads_goes_to_groq(edge: Edge, groqs: groq.Groq) -> None:
    with pytest.raises(groq.APIStatusError):  # the double has no audio
        groqs.audio.transcriptions.create(model="whisper-large-v3", file=("a.wav", b"RIFF"))
    assert edge.groq.requests[-1].path == "/v1/audio/transcriptions"
    assert edge.openai.calls() == 0
