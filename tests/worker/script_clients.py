"""Clients of every Redis that scripts are tested on: the embedded one and real servers."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import fakeredis
import pytest
import redis

from tests.doubles.redis_process import SERVERS, redis_process, redis_server_missing

EVERY = ("fakeredis", *SERVERS)


@contextmanager
def script_client(name: str, *, decode_responses: bool = False) -> Iterator[Any]:
    """A client of an empty Redis, one of ``EVERY``; skips where its server is missing."""
    if name == "fakeredis":
        yield fakeredis.FakeRedis(version=(7,), decode_responses=decode_responses)
        return
    reason = redis_server_missing(name)
    if reason:
        pytest.skip(reason)
    with (
        redis_process(name) as url,
        redis.Redis.from_url(url, decode_responses=decode_responses) as client,
    ):
        yield client
