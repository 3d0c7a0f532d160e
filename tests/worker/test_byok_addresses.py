"""A customer's own base URL does not lead into the host's network. CPython: a Worker is in none."""

from collections.abc import Iterator

import pytest

from tests.worker.edge import Edge


@pytest.fixture(scope="module")
def guarded() -> Iterator[Edge]:
    with Edge("cpython", BYOK_PRIVATE_ADDRESSES="0") as edge:
        yield edge


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]", "2130706433", "127.1"]
)
def test_private_addresses_are_not_called(guarded: Edge, host: str) -> None:
    port = guarded.openai.base_url.partition("127.0.0.1:")[2]
    tenant = guarded.tenant()
    tenant.bring_key(f"http://{host}:{port}")
    before = guarded.openai.calls()
    answer = tenant.chat()
    assert answer.status_code == 424
    error = answer.json()["error"]
    assert error["code"] == "provider_not_configured"
    assert "public internet" in error["message"]
    assert guarded.openai.calls() == before
    (row,) = tenant.rows()
    assert row["error_code"] == "provider_not_configured"


def test_what_only_the_systems_resolver_takes_for_an_address_is_an_unknown_name(
    guarded: Edge,
) -> None:
    tenant = guarded.tenant()
    tenant.bring_key("http://0x7f.1:" + guarded.openai.base_url.partition("127.0.0.1:")[2])
    before = guarded.openai.calls()
    assert tenant.chat().status_code == 502
    assert guarded.openai.calls() == before


def test_the_operators_own_addresses_are_not_restricted(guarded: Edge) -> None:
    assert guarded.tenant().chat().status_code == 200
