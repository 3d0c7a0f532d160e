"""What the local routes share with PostgREST beyond the two calls: log-in, errors, headers."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from apps.usage.models import UsageLog
from tests.contract.tenants import Tenant, tenant

pytestmark = pytest.mark.django_db
RPC = "/rest/v1/rpc/resolve_api_key"
LOGS = "/rest/v1/usage_logs"
INSERT = {"prefer": "resolution=ignore-duplicates,return=minimal"}


class Edge:
    """The Django test client, with the edge's headers and CSRF checks as for a browser."""

    def __init__(self) -> None:
        self._client = Client(enforce_csrf_checks=True)

    def post(
        self, path: str, payload: Any, headers: dict[str, str] | None = None, **more: Any
    ) -> Any:
        sent = {"apikey": settings.SUPABASE_KEY} | (headers or {})
        body = payload if isinstance(payload, str | bytes) else json.dumps(payload)
        return self._client.post(
            path, body, headers=sent, **{"content_type": "application/json", **more}
        )

    def request(self, method: str, path: str) -> Any:
        return self._client.generic(method, path, headers={"apikey": settings.SUPABASE_KEY})


@pytest.fixture
def edge() -> Edge:
    return Edge()


@pytest.fixture
def customer() -> Tenant:
    return tenant()


@pytest.mark.parametrize(
    "headers",
    [
        {"apikey": ""},
        {"apikey": "wrong"},
        {"apikey": "ключ"},
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic tests.edge.jwt"},
        {"authorization": "tests.edge.jwt"},
    ],
)
@pytest.mark.parametrize("path", [RPC, LOGS, "/rest/v1/organizations"])
def test_without_the_key_nothing_is_answered(
    edge: Edge, path: str, headers: dict[str, str]
) -> None:
    response = edge.post(path, {"key_hash": "0"}, headers)
    assert response.status_code == 401
    assert response.json().keys() == {"code", "message", "details", "hint"}


def test_a_bearer_token_beside_the_key(edge: Edge) -> None:
    headers = {"authorization": f"Bearer {settings.SUPABASE_KEY}"}
    response = edge.post(RPC, {"key_hash": "0"}, headers)
    assert (response.status_code, response.json()) == (200, None)


def test_a_publishable_key_beside_the_token(edge: Edge, settings: Any) -> None:
    """As hosted Supabase has it: the one opens the gateway, the other names the role."""
    settings.SUPABASE_API_KEY = "sb_publishable_1"
    both = {"apikey": "sb_publishable_1", "authorization": f"Bearer {settings.SUPABASE_KEY}"}
    assert edge.post(RPC, {"key_hash": "0"}, both).status_code == 200
    for incomplete in (
        {"apikey": "sb_publishable_1"},
        {"apikey": settings.SUPABASE_KEY, "authorization": both["authorization"]},
        {"apikey": "sb_publishable_1", "authorization": "Bearer sb_publishable_1"},
    ):
        assert edge.post(RPC, {"key_hash": "0"}, incomplete).status_code == 401


@pytest.mark.parametrize("arguments", [{}, {"hash": "x"}, {"key_hash": "x", "more": 1}])
def test_other_arguments_find_no_function(edge: Edge, arguments: dict[str, Any]) -> None:
    response = edge.post(RPC, arguments)
    assert (response.status_code, response.json()["code"]) == (404, "PGRST202")


@pytest.mark.parametrize(
    ("path", "code"),
    [("/rest/v1/rpc/drop_all", "PGRST202"), ("/rest/v1/api_keys", "PGRST205")],
)
def test_nothing_else_exists(edge: Edge, path: str, code: str) -> None:
    response = edge.post(path, {})
    assert (response.status_code, response.json()["code"]) == (404, code)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE", "PUT"])
def test_the_log_is_for_inserting_only(edge: Edge, method: str) -> None:
    response = edge.request(method, LOGS)
    assert (response.status_code, response.json()["code"]) == (403, "42501")


@pytest.mark.parametrize(
    "prefer", ["return=representation", "return=headers-only", "resolution=merge-duplicates"]
)
def test_what_would_read_or_update_is_refused(edge: Edge, customer: Tenant, prefer: str) -> None:
    response = edge.post(LOGS, [customer.row("r")], {"prefer": prefer})
    assert (response.status_code, response.json()["code"]) == (403, "42501")
    assert UsageLog.objects.count() == 0


def test_an_insert_answers_201_and_says_what_it_applied(edge: Edge, customer: Tenant) -> None:
    response = edge.post(f"{LOGS}?on_conflict=request_id", [customer.row("r")], INSERT)
    assert response.status_code == 201
    assert response.content == b""
    assert response["Preference-Applied"] == "resolution=ignore-duplicates, return=minimal"


def test_inserting_takes_few_statements_however_many_rows(
    edge: Edge, customer: Tenant, django_assert_max_num_queries: Any
) -> None:
    rows = [customer.row(str(uuid.uuid4())) for _ in range(30)]
    with django_assert_max_num_queries(7):  # savepoints, the owners' check, one INSERT
        edge.post(LOGS, rows, INSERT)
    assert UsageLog.objects.count() == 30


def test_an_unknown_column_names_itself(edge: Edge, customer: Tenant) -> None:
    response = edge.post(LOGS, [customer.row("r") | {"colour": "red"}], INSERT)
    assert (response.status_code, response.json()["code"]) == (400, "PGRST204")
    assert "'colour'" in response.json()["message"]


def test_the_id_is_no_column_of_the_edge(edge: Edge, customer: Tenant) -> None:
    response = edge.post(LOGS, [customer.row("r") | {"id": 1}], INSERT)
    assert response.status_code == 400


def test_rows_of_different_shape_are_refused(edge: Edge, customer: Tenant) -> None:
    short = customer.row("b")
    del short["model"]
    response = edge.post(LOGS, [customer.row("a"), short], INSERT)
    assert (response.status_code, response.json()["code"]) == (400, "PGRST102")


def test_columns_select_what_is_read_of_each_row(edge: Edge, customer: Tenant) -> None:
    rows = [customer.row("a") | {"colour": "red"}, customer.row("b", model="m")]
    columns = ",".join(f'"{name}"' for name in customer.row("") if name != "model")
    assert edge.post(f"{LOGS}?columns={columns}", rows, INSERT).status_code == 201
    assert set(UsageLog.objects.values_list("model", flat=True)) == {None}


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b'"x"', b"\xff"])
def test_a_body_that_is_no_row(edge: Edge, body: bytes) -> None:
    response = edge.post(LOGS, body, INSERT)
    assert (response.status_code, response.json()["code"]) == (400, "PGRST102")


def test_another_content_type_is_refused(edge: Edge) -> None:
    response = edge.post(LOGS, b"a=b", content_type="application/x-www-form-urlencoded")
    assert (response.status_code, response.json()["code"]) == (400, "PGRST102")


def test_another_conflict_target_matches_no_constraint(edge: Edge, customer: Tenant) -> None:
    response = edge.post(f"{LOGS}?on_conflict=ts", [customer.row("r")], INSERT)
    assert (response.status_code, response.json()["code"]) == (400, "42P10")


def test_an_empty_batch_is_fine(edge: Edge) -> None:
    assert edge.post(LOGS, [], INSERT).status_code == 201


def test_a_time_without_an_offset_is_utc(edge: Edge, customer: Tenant) -> None:
    row = customer.row("r") | {"ts": "2026-11-23T10:00:00"}
    assert edge.post(LOGS, [row], INSERT).status_code == 201
    assert UsageLog.objects.get().ts == datetime(2026, 11, 23, 10, tzinfo=UTC)
