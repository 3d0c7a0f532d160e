"""The log line of a request that the cache took no part in says why."""

import json

import pytest

from tests.conformance.edge import Answer, Edge


def test_a_bypass_has_its_reason(
    conformance_edge: Edge, capsys: pytest.CaptureFixture[str]
) -> None:
    edge = conformance_edge
    with edge.client(edge.project()) as client:
        edge.answers(Answer('{"object": "chat.completion", "choices": []}'))
        body = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
        for store in (True, False):
            client.post("/v1/chat/completions", json={**body, "store": store})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logged = [line for line in lines if line["event"] == "request"]
    seen = [(line["cache"], line.get("bypass")) for line in logged]
    assert seen == [("BYPASS", "live data or state: store"), ("MISS", None)]
