"""Labels of a request: they reach its row, and nothing else."""

import json
import uuid
from typing import Any

import pytest

from shared import labels
from tests.worker.edge import Edge, Tenant

HEADER = "x-watchllm-metadata"
SESSION = "54c1eb09-bc4c-4d2f-98eb-6d2ab2d5e2fe"
SALT = "00" * 16


def told(tenant: Tenant, count: int = 1) -> dict[str, str]:
    found: dict[str, str] = tenant.rows(count)[-1]["labels"]
    return found


def test_the_headers_labels_reach_the_row_and_no_provider(edge: Edge, tenant: Tenant) -> None:
    given = {"user": "ada", "team.name": "core", "attempt": 2, "trial": False, "share": 0.5}
    tenant.ask("hello", headers={HEADER: json.dumps(given)})
    assert told(tenant) == {
        "user": "ada",
        "team.name": "core",
        "attempt": "2",
        "trial": "false",
        "share": "0.5",
    }
    sent = edge.openai.requests[-1]
    assert HEADER not in {name.lower() for name in sent.headers}
    assert "metadata" not in sent.json()


def test_labels_are_no_part_of_the_cache_key_and_reach_no_other_caller(
    edge: Edge, tenant: Tenant
) -> None:
    first = tenant.chat("hello", {HEADER: '{"user": "ada-lovelace"}'}, user="ada-lovelace")
    edge.settled()
    second = tenant.chat("hello", {HEADER: '{"user": "grace"}'}, user="grace")
    assert second.headers["x-watchllm-cache"] == "HIT"
    assert "lovelace" not in second.text + str(second.headers)
    assert first.status_code == second.status_code == 200
    assert [row["labels"] for row in tenant.rows(2)] == [
        {"user": "ada-lovelace"},
        {"user": "grace"},
    ]


def test_a_request_without_labels_has_none(tenant: Tenant) -> None:
    tenant.ask("hello")
    assert tenant.rows()[0]["labels"] is None


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("{", "no JSON"),
        ("[1]", "JSON object"),
        (json.dumps({f"n{number}": 1 for number in range(17)}), "at most 16"),
        ('{"7": "x"}', "names are a letter"),
        (json.dumps({"n" * 65: "x"}), "names are a letter"),
        ('{"a": null}', "no usable value"),
        ('{"a": {"b": 1}}', "no usable value"),
        ('{"a": ""}', "no usable value"),
        (json.dumps({"a": "x" * 257}), "no usable value"),
        ('{"a": "\\u0000"}', "no usable value"),
        (json.dumps({"a": "\ud800"}), "no usable value"),
        ('{"a": "' + "x" * 8_192 + '"}', "longer than 8,192"),
    ],
)
def test_labels_that_cannot_be_read_are_refused(
    edge: Edge, tenant: Tenant, value: str, why: str
) -> None:
    answer = tenant.chat("hello", {HEADER: value})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_header", HEADER)
    assert why in error["message"]
    assert edge.openai.calls() == 0
    assert tenant.rows()[0]["cache_status"] == "REFUSED"


def test_the_refusal_is_in_the_callers_dialect(tenant: Tenant) -> None:
    body = {"model": "claude-haiku-4-5", "max_tokens": 5, "messages": []}
    answer = tenant.http.post("/v1/messages", json=body, headers={HEADER: "x"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("field", ["user", "safety_identifier"])
def test_ids_of_users_are_pseudonyms_unless_the_project_wants_them_plain(
    edge: Edge, field: str
) -> None:
    tenant, other = edge.tenant(), edge.tenant(project={"data_key_salt": "11" * 16})
    plain = edge.tenant(project={"plain_user_labels": True})
    for each in (tenant, other, plain):
        each.chat("hello", **{field: "ada@example.com"})
    name = told(tenant)["user"]
    assert name == labels.pseudonym(SALT, "ada@example.com")
    assert "ada" not in name
    assert told(other)["user"] not in (name, "ada@example.com")
    assert told(plain) == {"user": "ada@example.com"}


def test_the_bodys_metadata_is_read_and_goes_on_to_the_provider(edge: Edge, tenant: Tenant) -> None:
    """What cannot be a label is left out: it is the provider's to judge."""
    metadata = {"env": "prod", "1": "x", "nested": {"a": 1}, "long": "x" * 300}
    tenant.chat("hello", {HEADER: '{"env": "test"}'}, metadata={**metadata, "run": "7"})
    assert told(tenant) == {"env": "test", "run": "7"}
    assert edge.openai.requests[-1].json()["metadata"]["nested"] == {"a": 1}


@pytest.mark.parametrize(
    ("user_id", "user", "session"),
    [
        (
            json.dumps({"device_id": "d" * 64, "account_uuid": "", "session_id": SESSION}),
            "d" * 64,
            SESSION,
        ),
        (f"user_{'a' * 64}_account__session_{SESSION}", "a" * 64, SESSION),
        ("{not json", "{not json", None),
        ('{"a": 1}', '{"a": 1}', None),
        ("customer-7", "customer-7", None),
    ],
)
def test_what_claude_code_writes_into_its_user_id(
    tenant: Tenant, user_id: str, user: str, session: str | None
) -> None:
    tenant.chat("hello", metadata={"user_id": user_id})
    expected = {"user": labels.pseudonym(SALT, user)}
    assert told(tenant) == expected | ({"session": session} if session else {})


@pytest.mark.parametrize("name", ["x-claude-code-session-id", "session-id", "session_id"])
def test_headers_of_agents(edge: Edge, tenant: Tenant, name: str) -> None:
    session = str(uuid.uuid4())
    tenant.chat("hello", {name: session, "x-title": "My agent"})
    assert told(tenant) == {"session": session, "app": "My agent"}


@pytest.mark.parametrize("junk", [7, [], "x", {"user_id": 7}, {"user_id": ""}, None])
def test_metadata_of_another_type_labels_nothing(tenant: Tenant, junk: Any) -> None:
    tenant.chat("hello", metadata=junk, user=["x"])
    assert told(tenant) is None


def test_other_endpoints_have_labels_too(tenant: Tenant) -> None:
    body = {"model": "text-embedding-3-small", "input": "a", "user": "ada"}
    tenant.http.post("/v1/embeddings", json=body, headers={HEADER: '{"env": "prod"}'})
    assert told(tenant) == {"env": "prod", "user": labels.pseudonym(SALT, "ada")}
