"""The Supabase double refuses what the Worker's narrow role is refused."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.doubles.postgrest import PostgrestDouble
from tests.loopback import NO_CERTIFICATES

RESOLVE = "/rest/v1/rpc/resolve_api_key"
INSERT = "/rest/v1/usage_logs?on_conflict=request_id"
IGNORE = {"Prefer": "resolution=ignore-duplicates,return=minimal"}


@pytest.fixture
def supabase() -> Iterator[PostgrestDouble]:
    with PostgrestDouble() as double:
        yield double


def post(supabase: PostgrestDouble, path: str, body: Any, **headers: str) -> httpx.Response:
    key = {"apikey": supabase.key, "Authorization": f"Bearer {supabase.key}"}
    url, headers = supabase.url + path, key | headers
    return httpx.post(url, json=body, headers=headers, verify=NO_CERTIFICATES)


def row(request_id: str) -> dict[str, Any]:
    columns = ("ts", "project_id", "organization_id", "endpoint", "cache_status")
    return {"request_id": request_id, **dict.fromkeys(columns, "x")}


def test_resolve(supabase: PostgrestDouble) -> None:
    supabase.records["abc"] = {"key_id": "1"}
    assert post(supabase, RESOLVE, {"key_hash": "abc"}).json() == {"key_id": "1"}
    assert post(supabase, RESOLVE, {"key_hash": "other"}).json() is None
    assert post(supabase, RESOLVE, {"hash": "abc"}).status_code == 404
    assert supabase.calls("resolve_api_key") == 3


def test_insert_ignores_duplicates(supabase: PostgrestDouble) -> None:
    assert post(supabase, INSERT, [row("a"), row("b")], **IGNORE).status_code == 201
    assert post(supabase, INSERT, [row("b"), row("c")], **IGNORE).status_code == 201
    assert [logged["request_id"] for logged in supabase.usage_logs] == ["a", "b", "c"]
    assert post(supabase, INSERT, [row("a")], Prefer="return=minimal").status_code == 409


def test_everything_else_is_refused(supabase: PostgrestDouble) -> None:
    assert httpx.post(supabase.url + RESOLVE, json={}, timeout=60).status_code == 401
    assert post(supabase, "/rest/v1/api_keys", {}).status_code == 404
    assert post(supabase, INSERT, [row("a")]).status_code == 403
    assert post(supabase, INSERT, [{"request_id": "a"}], **IGNORE).status_code == 400
    assert supabase.usage_logs == []
