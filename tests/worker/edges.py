"""Edges for the Worker's tests: one process for each host, shared by all tests of a run.

Every test makes its own tenants, so that nothing one does is seen by another.

- ``edge``: each host in turn. ``WATCHLLM_TEST_HOSTS`` names them: ``cpython,pyodide`` by default,
  ``workerd`` for ``wrangler dev`` where it can start.
- ``fragile``: likewise, a second process for tests that break Redis or Supabase.
- ``redis_edge``: the CPython host on a real redis-server, and on a valkey-server.
- ``redis_url``: an empty real Redis, for the gateway in the test's own process.
"""

import os
from collections.abc import Iterator

import pytest
import redis

from local_stack.pyodide_run import pyodide_missing
from tests.doubles.redis_process import SERVERS, redis_process, redis_server_missing
from tests.runtime.wrangler import wrangler_missing
from tests.worker.edge import Edge, EdgeCannotStart, Tenant

HOSTS = os.environ.get("WATCHLLM_TEST_HOSTS", "cpython,pyodide").split(",")


def missing(host: str) -> str | None:
    """Why ``host`` cannot run here, or None."""
    if host == "workerd":
        return wrangler_missing()
    if host == "pyodide":
        return pyodide_missing()
    return None


def _running(host: str, **env: str) -> Iterator[Edge]:
    reason = missing(host)
    if reason:
        pytest.skip(reason)
    edge = Edge(host, **env)
    try:
        edge.__enter__()
    except EdgeCannotStart as error:
        pytest.skip(str(error))
    try:
        yield edge
    finally:
        edge.__exit__()


@pytest.fixture(scope="session", params=HOSTS)
def session_edge(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """The process behind ``edge``."""
    yield from _running(request.param)


@pytest.fixture
def edge(session_edge: Edge) -> Edge:
    """A running edge whose doubles have seen nothing yet."""
    session_edge.quiet()
    return session_edge


@pytest.fixture
def tenant(edge: Edge) -> Tenant:
    """A fresh project and key on ``edge``, without limits."""
    return edge.tenant()


@pytest.fixture(scope="session", params=HOSTS)
def session_fragile(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """The process behind ``fragile``: impatient, and with little room for captured streams."""
    yield from _running(
        request.param,
        UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS="6",
        UPSTREAM_IDLE_TIMEOUT_SECONDS="5",
        STORE_TIMEOUT_MS="5000",
        KEY_LOOKUP_TIMEOUT_MS="5000",
        MAX_BODY_BYTES="1000000",
        MAX_ANSWER_BYTES="1500000",
        MAX_CAPTURE_BYTES="20000",
        SINGLE_FLIGHT_LEASE_SECONDS="2",
        ANTHROPIC_API_KEY="",
        GROQ_API_KEY="",
    )


@pytest.fixture
def fragile(session_fragile: Edge) -> Edge:
    """An edge that asks Redis and Supabase again after what an earlier test did to them."""
    session_fragile.quiet()
    session_fragile.recovered()
    session_fragile.quiet()
    return session_fragile


@pytest.fixture(scope="session")
def session_redis_url() -> Iterator[str | None]:
    """The server behind ``redis_url``."""
    program = next((each for each in SERVERS if redis_server_missing(each) is None), None)
    if program is None:
        yield None
        return
    with redis_process(program) as url:
        yield url


@pytest.fixture
def redis_url(session_redis_url: str | None) -> str | None:
    """A real Redis with nothing in it, for ``MemoryPlatform``; None where there is none."""
    if session_redis_url is not None:
        with redis.Redis.from_url(session_redis_url) as client:
            client.flushall()
    return session_redis_url


@pytest.fixture(scope="session", params=SERVERS)
def session_redis_edge(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """The process behind ``redis_edge``."""
    reason = redis_server_missing(request.param)
    if reason:
        pytest.skip(reason)
    with redis_process(request.param) as url, Edge("cpython", redis_url=url) as edge:
        yield edge


@pytest.fixture
def redis_edge(session_redis_edge: Edge) -> Edge:
    """The CPython host on a real Redis."""
    session_redis_edge.quiet()
    return session_redis_edge
