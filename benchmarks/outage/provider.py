"""The provider of the table of faults, in a process of its own: no miss waits for ours."""

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from tests.doubles.openai_api import OpenAIDouble

_spawn = multiprocessing.get_context("spawn")


@contextmanager
def provider_process() -> Iterator[str]:
    """Its base URL. It takes the key of every `OpenAIDouble`."""
    told, theirs = _spawn.Pipe()
    process = _spawn.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        yield told.recv()
    finally:
        process.kill()
        process.join()


def _serve(told: Connection) -> None:
    with OpenAIDouble() as provider:
        told.send(provider.base_url)
        told.poll(None)
