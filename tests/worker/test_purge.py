"""``POST /v1/cache/purge``: what each form forgets, and what it refuses."""

import json
from typing import Any

import pytest

from tests.worker.edge import Edge, Tenant

PATH = "/v1/cache/purge"
ELSEWHERE = {"x-watchllm-cache-namespace": "b"}


def kept(tenant: Tenant) -> list[str]:
    """Which of the three entries that ``filled`` makes are still served."""
    only = {"x-watchllm-cache": "only"}
    asked = {
        "one": tenant.chat("a question", only),
        "other model": tenant.chat("a question", only, model="gpt-4o"),
        "other namespace": tenant.chat("a question", {**only, **ELSEWHERE}),
    }
    return [name for name, answer in asked.items() if answer.status_code == 200]


@pytest.fixture
def filled(tenant: Tenant) -> Tenant:
    tenant.ask("a question")
    tenant.ask("a question", model="gpt-4o")
    tenant.ask("a question", ELSEWHERE)
    assert len(kept(tenant)) == 3
    return tenant


@pytest.mark.parametrize(
    ("scope", "left"),
    [
        ({"all": True}, []),
        ({"older_than_seconds": 0}, []),
        ({"older_than_seconds": 3600}, ["one", "other model", "other namespace"]),
        ({"all": True, "older_than_seconds": 0.5e9}, ["one", "other model", "other namespace"]),
        ({"model": "gpt-4o-mini"}, ["other model"]),
        ({"namespace": "b"}, ["one", "other model"]),
        ({"namespace": ""}, ["other namespace"]),
        ({"model": "gpt-4o-mini", "namespace": "b"}, ["one", "other model"]),
        ({"model": "no-such-model"}, ["one", "other model", "other namespace"]),
    ],
    ids=str,
)
def test_a_scope_is_forgotten_at_once(
    filled: Tenant, scope: dict[str, Any], left: list[str]
) -> None:
    answer = filled.post(PATH, scope)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["scope"], told["generation"]) == (scope, "advanced")
    assert kept(filled) == left
    # What is asked for from now on is new, and kept.
    filled.ask("a question")
    assert "one" in kept(filled)


def test_one_entry_is_deleted_by_its_key(filled: Tenant) -> None:
    key = filled.rows(1)[0]["cache_key"]
    for deleted in (1, 0):
        assert filled.post(PATH, {"key": key}).json()["deleted"] == deleted
    assert kept(filled) == ["other model", "other namespace"]


def test_another_tenants_key_deletes_nothing(edge: Edge, filled: Tenant) -> None:
    stranger = edge.tenant()
    key = filled.rows(1)[0]["cache_key"]
    for hostile in (key, f"../{key}", f"{filled.project_id}:e:{key}", "*"):
        assert stranger.post(PATH, {"key": hostile}).json()["deleted"] == 0
    assert len(kept(filled)) == 3


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, None),
        ({"all": False}, "all"),
        ({"all": 1}, "all"),
        ({"all": True, "model": "m"}, "all"),
        ({"key": "k", "model": "m"}, "key"),
        ({"key": ""}, "key"),
        ({"key": 5}, "key"),
        ({"model": ""}, "model"),
        ({"model": None}, "model"),
        ({"model": ["m"]}, "model"),
        ({"model": "a\x00b"}, "model"),
        ({"model": "\ud800"}, "model"),
        ({"namespace": "\udfff"}, "namespace"),
        ({"older_than_seconds": -1}, "older_than_seconds"),
        ({"older_than_seconds": "5"}, "older_than_seconds"),
        ({"older_than_seconds": True}, "older_than_seconds"),
        ({"older_than_seconds": 10**30}, "older_than_seconds"),
        ({"everything": True}, "everything"),
    ],
    ids=ascii,
)
def test_what_says_nothing_clear_is_refused(
    filled: Tenant, body: dict[str, Any], param: str | None
) -> None:
    # As text: a lone half of a surrogate pair is JSON's to carry, and no HTTP client's.
    answer = filled.http.post(PATH, content=json.dumps(body))
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert len(kept(filled)) == 3
