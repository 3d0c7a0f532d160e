"""The kit's one edge."""

from collections.abc import Iterator

import pytest

from tests.conformance.edge import Edge


@pytest.fixture(scope="session")
def conformance_edge() -> Iterator[Edge]:
    """One edge for every case; each case is a project of its own."""
    edge = Edge()
    yield edge
    edge.end()
