"""Prompts and answers in usage rows: only where the project opted in."""

import json

from tests.worker.edge import Edge

QUESTION = "Is this written down?"


def test_not_without_consent(edge: Edge) -> None:
    tenant = edge.tenant()
    tenant.chat(QUESTION)
    (row,) = tenant.rows()
    assert row["prompt"] is None
    assert row["response"] is None


def test_of_misses_hits_and_streams(edge: Edge) -> None:
    tenant = edge.tenant(project={"log_prompts": True})
    tenant.chat(QUESTION)
    edge.settled()
    tenant.chat(QUESTION)
    tenant.chat("And this?", stream=True)
    for row in tenant.rows(3):
        question = json.loads(row["prompt"])["messages"][0]["content"]
        answer = json.loads(row["response"])["choices"][0]["message"]["content"]
        assert answer == f"You said: {question}"
