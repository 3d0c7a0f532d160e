"""The providers' prompt caches through the edge: which requests get markers, and at what cost."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.redis import calls
from tests.doubles.anthropic_api import Behaviour
from tests.doubles.openai_api import Behaviour as OpenAIBehaviour
from tests.doubles.prompt_caches import AnthropicPromptCache, openai_prompt
from tests.worker.edge import Edge, Tenant, until

SONNET, SOL = "claude-sonnet-5-5", "gpt-6-sol"
SYSTEM = "Answer as a patient teacher would. " * 400
AUTO = {"x-watchllm-prompt-cache": "auto"}
EPHEMERAL = {"type": "ephemeral"}


@pytest.fixture
def project(edge: Edge) -> Tenant:
    """A project that has switched it on, at a provider whose cache is strict."""
    edge.anthropic.prompt_cache = AnthropicPromptCache(minimum=512, first_byte=0.0)
    return edge.tenant(project={"prompt_cache": "auto"})


def message(tenant: Tenant, question: str, **more: Any) -> httpx.Response:
    body = {
        "model": SONNET,
        "max_tokens": 100,
        "system": SYSTEM,
        "messages": [{"role": "user", "content": question}],
        **more,
    }
    answer = tenant.post("/v1/messages", body)
    assert answer.status_code == 200, answer.text
    return answer


def sent(edge: Edge) -> dict[str, Any]:
    body: dict[str, Any] = edge.anthropic.requests[-1].json()
    return body


def settled(edge: Edge, tenant: Tenant) -> None:
    edge.settled()
    until(lambda: _known(edge, tenant), "the prefixes to be known")


def _known(edge: Edge, tenant: Tenant) -> bool:
    return bool(edge.redis("EXISTS", f"{tenant.project_id}:prompt-cache:state"))


def test_a_prefix_that_comes_again_is_written_and_then_read(edge: Edge, project: Tenant) -> None:
    usages = []
    for question in ("one", "two", "three"):
        usages.append(message(project, question).json()["usage"])
        settled(edge, project)
    assert [usage["cache_creation_input_tokens"] > 0 for usage in usages] == [False, True, False]
    assert [usage["cache_read_input_tokens"] > 0 for usage in usages] == [False, False, True]
    (block,) = sent(edge)["system"]
    assert (block["text"], block["cache_control"]["type"]) == (SYSTEM, "ephemeral")
    assert sent(edge)["messages"] == [{"role": "user", "content": "three"}]
    assert project.rows(3)[-1]["cached_tokens"] == usages[-1]["cache_read_input_tokens"]


def test_a_chat_with_anthropics_model_gets_markers_too(edge: Edge, project: Tenant) -> None:
    for question in ("one", "two"):
        messages = [
            {"role": "system", "content": SYSTEM},
            {"role": "user", "content": question},
        ]
        project.chat(model=SONNET, messages=messages)
        settled(edge, project)
    assert sent(edge)["system"] == [{"type": "text", "text": SYSTEM, "cache_control": EPHEMERAL}]


def test_nothing_happens_where_nobody_asked(edge: Edge, tenant: Tenant) -> None:
    edge.anthropic.prompt_cache = AnthropicPromptCache(minimum=512)
    for question in ("one", "two", "three"):
        message(tenant, question)
    edge.settled()
    assert sent(edge)["system"] == SYSTEM
    assert edge.redis("KEYS", f"{tenant.project_id}:prompt-cache:*") == []
    scripts = {command[1] for command in tenant.commands() if command[0] == "EVALSHA"}
    assert calls.PROMPT_CACHE.sha1 not in scripts


def test_a_request_may_choose_for_itself(edge: Edge, project: Tenant) -> None:
    other = edge.tenant()
    for tenant, mode in ((other, "auto"), (project, "off")):
        for question in ("one", "two"):
            body = {
                "model": SONNET,
                "max_tokens": 10,
                "system": SYSTEM,
                "messages": [{"role": "user", "content": question}],
            }
            tenant.post("/v1/messages", body, {"x-watchllm-prompt-cache": mode})
            edge.settled()
        assert isinstance(sent(edge)["system"], list) == (mode == "auto")


def test_another_word_is_refused(tenant: Tenant) -> None:
    answer = tenant.chat("hello", headers={"x-watchllm-prompt-cache": "always"})
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "x-watchllm-prompt-cache"


def test_the_callers_markers_keep_their_places_and_lifetimes(edge: Edge, project: Tenant) -> None:
    system = [{"type": "text", "text": SYSTEM, "cache_control": {**EPHEMERAL, "ttl": "1h"}}]
    tools = [{"name": "a", "input_schema": {"type": "object"}, "description": "b " * 3000}]
    for question in ("one", "two", "three"):
        message(project, question, system=system, tools=tools)
        settled(edge, project)
    assert sent(edge)["system"] == system


def test_a_short_prompt_is_left_as_it_is(edge: Edge, project: Tenant) -> None:
    for question in ("one", "two", "three"):
        message(project, question, system="Be brief.")
        edge.settled()
    assert sent(edge)["system"] == "Be brief."
    assert not _known(edge, project)


def chat_with_openai(tenant: Tenant, question: str, model: str = SOL, **more: Any) -> Any:
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]
    return tenant.chat(model=model, messages=messages, **more)


def test_openai_is_told_where_to_cache_and_nowhere_else(edge: Edge, project: Tenant) -> None:
    for question in ("one", "two"):
        assert chat_with_openai(project, question).status_code == 200
        settled(edge, project)
    first, second = (request.json() for request in edge.openai.requests[-2:])
    assert first["prompt_cache_options"] == second["prompt_cache_options"] == {"mode": "explicit"}
    assert first["prompt_cache_key"] == second["prompt_cache_key"]
    prompt, markers, implicit = openai_prompt(second, 0)
    assert ([*prompt.kinds], markers, implicit) == (["system", "user"], {0: 1800}, False)


def test_models_without_markers_get_none(edge: Edge, project: Tenant) -> None:
    for question in ("one", "two"):
        chat_with_openai(project, question, model="gpt-4o-mini")
        edge.settled()
    body = edge.openai.requests[-1].json()
    assert body["messages"][0]["content"] == SYSTEM
    assert not {name for name in body if name.startswith("prompt_cache")}


def test_a_server_that_refuses_markers_gets_the_request_without(
    edge: Edge, project: Tenant
) -> None:
    refusal = b'{"error": {"message": "Unrecognized request argument: prompt_cache_options"}}'
    refused = OpenAIBehaviour("raw", status=400, body=refusal, content_type="application/json")
    edge.openai.behave(SOL, refused, times=1)
    assert chat_with_openai(project, "one").status_code == 200
    assert "prompt_cache_options" not in edge.openai.requests[-1].json()


@pytest.mark.parametrize("stream", [False, True])
def test_planning_adds_no_round_trip_before_the_provider(
    edge: Edge, project: Tenant, *, stream: bool
) -> None:
    message(project, "warm")
    settled(edge, project)
    edge.quiet_traffic()
    edge.anthropic.behave(SONNET, Behaviour("hold"))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(message, project, "hello", stream=stream)
        edge.anthropic.wait_for_requests(1)
        assert [command[1] for command in project.commands()] == [calls.ADMIT.sha1]
        (admission,) = project.commands()
        assert len(admission) - 3 - int(admission[2]) - 26 <= 48, "fields that are read"
        edge.anthropic.release()
        asked.result()
    until(lambda: project.trips() >= 4, "entry, prefixes and head to be written")
    edge.settled()
    scripts = sorted(command[1] for command in project.commands()[1:])
    assert scripts == sorted(
        script.sha1 for script in (calls.COMMIT, calls.PROMPT_CACHE, calls.PROMPT_HEADS)
    )


def test_a_hit_reads_and_writes_nothing_of_it(edge: Edge, project: Tenant) -> None:
    message(project, "hello")
    settled(edge, project)
    before = edge.redis("HGETALL", f"{project.project_id}:prompt-cache:state")
    assert message(project, "hello").headers["x-watchllm-cache"] == "HIT"
    edge.settled()
    assert edge.redis("HGETALL", f"{project.project_id}:prompt-cache:state") == before
