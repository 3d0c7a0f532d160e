"""Responses that OpenAI keeps, or that build on what it keeps."""

from typing import Any

import pytest

from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant

PATH = "/v1/responses"


def body(**more: Any) -> dict[str, Any]:
    return {"model": "gpt-4o-mini", "input": "hello", **more}


def statuses(edge: Edge, tenant: Tenant, *bodies: dict[str, Any]) -> list[str]:
    """What the cache did for each, one after the other."""
    seen = []
    for one in bodies:
        answer = tenant.post(PATH, one)
        assert answer.status_code == 200, answer.text
        seen.append(answer.headers["x-watchllm-cache"])
        edge.settled()
    return seen


@pytest.mark.parametrize(
    "state",
    [
        {"store": True},
        {"previous_response_id": "resp_1"},
        {"conversation": "conv_1"},
        {"background": True},
        {"prompt": {"id": "pmpt_1"}},
        {"tools": [{"type": "web_search"}]},
        {"input": [{"type": "item_reference", "id": "msg_1"}, {"role": "user", "content": "on"}]},
    ],
    ids=lambda state: next(iter(state)),
)
def test_what_refers_to_state_is_not_cached(
    edge: Edge, tenant: Tenant, state: dict[str, Any]
) -> None:
    tenant.bring_key(edge.openai.base_url, key=edge.openai.key)
    edge.openai.behave(
        "gpt-4o-mini",
        Behaviour(
            "raw",
            status=200,
            body=b'{"id": "resp_2", "object": "response", "status": "completed", "output": []}',
            content_type="application/json",
        ),
    )
    assert statuses(edge, tenant, body(**state), body(**state)) == ["BYPASS", "BYPASS"]
    assert edge.openai.calls() == 2


def test_an_answer_that_openai_forgets_is_not_given_to_who_may_continue_from_it(
    edge: Edge, tenant: Tenant
) -> None:
    forgotten, kept = body(store=False), body()
    seen = statuses(edge, tenant, forgotten, forgotten, kept, kept, body(store=None))
    assert seen == ["MISS", "HIT", "MISS", "HIT", "HIT"]
