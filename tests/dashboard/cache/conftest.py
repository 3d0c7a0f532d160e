"""A real Redis behind Upstash's REST API, and an edge that shares it with the dashboard."""

from collections.abc import Iterator

import pytest
from django.core.cache import cache

from apps.cache import freshness
from apps.projects.models import Project
from apps.usage import freshness as usage_freshness
from tests.dashboard.pages.conftest import cast, home
from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, Tenant

__all__ = ["cast", "home"]


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counts that a page keeps for a moment are made anew for each test."""
    cache.clear()
    monkeypatch.setattr(freshness._Clock, "due", 0.0)
    monkeypatch.setattr(usage_freshness._Clock, "due", 0.0)


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A redis-server of these tests' own."""
    missing = redis_server_missing()
    if missing:
        pytest.skip(missing)
    with redis_process() as url:
        yield url


@pytest.fixture(scope="session")
def redis_rest(redis_url: str) -> Iterator[UpstashDouble]:
    """The REST API before it."""
    with UpstashDouble(redis_url) as double:
        yield double


@pytest.fixture
def redis(redis_rest: UpstashDouble, settings: object) -> UpstashDouble:
    """What the dashboard is configured with for one test."""
    settings.UPSTASH_REDIS_REST_URL = redis_rest.url  # type: ignore[attr-defined]
    settings.UPSTASH_REDIS_REST_TOKEN = redis_rest.token  # type: ignore[attr-defined]
    return redis_rest


@pytest.fixture(scope="module")
def edge(redis_url: str) -> Iterator[Edge]:
    """A running edge on the same Redis."""
    with Edge("cpython", redis_url=redis_url) as running:
        yield running


@pytest.fixture
def tenant(edge: Edge, redis: UpstashDouble, project: Project) -> Tenant:
    """``project`` at the edge, opened by its owner, with no checks of its own."""
    changes = {"semantic_mode": "strict", "semantic_opened": True, "semantic_check_share": 0.0}
    made = edge.tenant(project=changes | {"namespace": "default"})
    made.project_id = made.record["project_id"] = str(project.pk)
    return made
