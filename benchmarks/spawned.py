"""A server in a process of its own, so that what is measured does not wait for it."""

import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from typing import Any

_spawn = multiprocessing.get_context("spawn")


@contextmanager
def spawned(serve: Callable[[Connection], None]) -> Iterator[Any]:
    """What ``serve`` sends first, such as its address. Its process is killed at the end."""
    told, theirs = _spawn.Pipe()
    process = _spawn.Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield told.recv()
    finally:
        process.kill()
        process.join()
