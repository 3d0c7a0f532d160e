"""The exact cache key: which requests are the same question."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsBase as ChatParams
from openai.types.completion_create_params import CompletionCreateParamsBase as CompletionParams
from openai.types.embedding_create_params import EmbeddingCreateParams

import shared
from gateway.formats import vectors as embedding_inputs
from shared import hashing
from shared.request_fields import COMPLETION_DEFAULTS, DEFAULTS, IGNORED
from tests.shared.key_vectors import CHAT, COMPLETIONS, EMBEDDINGS, VECTORS, Vector


def key(endpoint: str, body: dict[str, Any]) -> str:
    body = json.loads(json.dumps(body))  # as it arrives: no tuples, no shared objects
    if endpoint == CHAT:
        return hashing.digest(hashing.chat_identity(body))
    if endpoint == COMPLETIONS:
        return hashing.digest(hashing.completion_identity(body))
    (one,) = embedding_inputs.inputs(body["input"])
    return hashing.digest(hashing.embedding_identity(body), one)


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector.reason.replace(" ", "-"))
def test_vector(vector: Vector) -> None:
    a, b = key(vector.endpoint, vector.a), key(vector.endpoint, vector.b)
    assert (a == b) is vector.same, vector.reason


def test_there_are_enough_of_both_kinds() -> None:
    assert len([vector for vector in VECTORS if vector.endpoint == CHAT]) >= 60
    assert len([vector for vector in VECTORS if vector.same]) >= 25
    assert len([vector for vector in VECTORS if not vector.same]) >= 40


@pytest.mark.parametrize(
    ("endpoint", "parameters"),
    [
        (CHAT, {*ChatParams.__annotations__, "stream"}),
        (COMPLETIONS, {*CompletionParams.__annotations__, "stream"}),
        (EMBEDDINGS, set(EmbeddingCreateParams.__annotations__)),
    ],
)
def test_every_parameter_of_the_official_sdk_has_a_vector(
    endpoint: str, parameters: set[str]
) -> None:
    # A parameter counts where the two requests of a pair differ in it.
    varied = {
        name
        for vector in VECTORS
        if vector.endpoint == endpoint
        for name in (*vector.a, *vector.b)
        if vector.a.get(name) != vector.b.get(name) or name == "prompt"
    }
    assert parameters - varied == set()


def test_every_documented_exception_has_a_vector() -> None:
    fields = {name for vector in VECTORS for name in (*vector.a, *vector.b)}
    assert {*IGNORED, *DEFAULTS, *COMPLETION_DEFAULTS} - fields == set()


def test_defaults_of_openai_are_not_assumed_of_others() -> None:
    plain = {"model": "m", "messages": []}
    warm = {**plain, "temperature": 1}
    assert hashing.chat_identity(plain) == hashing.chat_identity(warm)
    identities = [hashing.chat_identity(body, openai_defaults=False) for body in (plain, warm)]
    assert identities[0] != identities[1]


def test_the_key_does_not_change_between_processes_or_releases() -> None:
    # A change here empties every customer's cache: raise KEY_VERSION and say so in the changelog.
    body = next(vector.a for vector in VECTORS if vector.reason == "with a picture")
    expected = "f434e6eee12160fa728e40b15ad61a6f8604d3d8070398d9e57e8a5e64ae38eb"
    code = (
        "import sys, json; from shared import hashing; "
        "print(hashing.digest(hashing.chat_identity(json.load(sys.stdin))))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(body),
        env={"PYTHONPATH": str(Path(shared.__file__).parents[1]), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    assert other == key(CHAT, body) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_does_not_have_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        hashing.digest(value)


def test_a_request_is_not_changed_by_hashing_it() -> None:
    for vector in VECTORS:
        before = json.dumps(vector.a)
        key(vector.endpoint, vector.a)
        if vector.endpoint == CHAT:
            hashing.chat_identity(vector.a)
        assert json.dumps(vector.a) == before
