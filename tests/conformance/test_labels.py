"""A hit or a replay carries the caller's own labels, in every format, for every ignored field."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.request_fields import IGNORED
from tests.conformance.cases import assembled
from tests.conformance.edge import Answer, Edge

_DELIVERY = ("stream", "stream_options")
LABELS = sorted(set(IGNORED) - {*_DELIVERY})
_HI = [{"role": "user", "content": "hi"}]
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"model": "gpt-4o", "messages": _HI}),
    "completions": ("/v1/completions", {"model": "gpt-3.5-turbo-instruct", "prompt": "hi"}),
    "responses": ("/v1/responses", {"model": "gpt-5", "input": "hi"}),
    "messages": ("/v1/messages", {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": _HI}),
}
_SAID = {"type": "output_text", "text": "yes", "annotations": []}
_ITEM = {"id": "m", "type": "message", "role": "assistant", "content": [_SAID]}
ANSWERS: dict[str, dict[str, Any]] = {
    "chat": {
        "object": "chat.completion",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "yes"},
                "finish_reason": "stop",
            }
        ],
    },
    "completions": {
        "object": "text_completion",
        "choices": [{"index": 0, "text": "yes", "logprobs": None, "finish_reason": "stop"}],
    },
    "responses": {"object": "response", "status": "completed", "output": [_ITEM]},
    "messages": {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "yes"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
    },
}
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "metadata": st.dictionaries(st.sampled_from("ab"), st.uuids().map(str), min_size=1),
    "service_tier": st.sampled_from(["flex", "priority", "scale"]),
    "store": st.just(False),
}
_ANY = st.uuids().map(str)


def labels() -> st.SearchStrategy[dict[str, Any]]:
    """Any of the ignored fields with any values."""
    optional = {name: _VALUES.get(name, _ANY) for name in LABELS}
    return st.fixed_dictionaries({}, optional=optional)


@pytest.mark.parametrize("name", REQUESTS)
@settings(max_examples=6)
@given(one=labels(), other=labels(), stream=st.booleans())
def test_labels_of_another_caller(
    conformance_edge: Edge, name: str, one: dict[str, Any], other: dict[str, Any], *, stream: bool
) -> None:
    path, request = REQUESTS[name]
    # A provider that repeats every label, as the Responses API does with most of them.
    echoed = {label: one.get(label) for label in LABELS}
    if name == "responses" and one.get("store") != other.get("store"):
        other = {**other, "store": one.get("store")}  # there it is a part of the key
    edge = conformance_edge
    with edge.client(edge.project()) as client:
        edge.answers(Answer(json.dumps({**ANSWERS[name], **echoed})))
        first = client.post(path, json=_given({**request, **one}))
        second = client.post(path, json=_given({**request, **other, "stream": stream}))
    assert first.headers["x-watchllm-cache"] == "MISS"
    assert second.headers["x-watchllm-cache"] == "HIT"
    for label, value in one.items():
        if label != "store" and value != other.get(label):
            assert json.dumps(value) not in second.text, label
    if not stream:
        answer = assembled(path, second)
        for label in LABELS:
            if other.get(label) is not None:
                assert answer[label] == other[label]


def _given(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if value is not None}


def test_a_tier_that_another_caller_paid_for(conformance_edge: Edge) -> None:
    path, request = REQUESTS["messages"]
    usage = {"input_tokens": 3, "output_tokens": 2, "service_tier": "priority"}
    edge = conformance_edge
    with edge.client(edge.project()) as client:
        edge.answers(Answer(json.dumps({**ANSWERS["messages"], "usage": usage})))
        first = client.post(path, json=request)
        second = client.post(path, json={**request, "service_tier": "standard_only"})
    assert first.json()["usage"]["service_tier"] == "priority"
    assert second.json()["usage"]["service_tier"] == "standard"
