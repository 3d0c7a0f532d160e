"""The provider of the table of faults, in a process of its own: no miss waits for ours."""

from contextlib import AbstractContextManager
from multiprocessing.connection import Connection

from benchmarks.spawned import spawned
from tests.doubles.openai_api import OpenAIDouble


def provider_process() -> AbstractContextManager[str]:
    """Its base URL. It takes the key of every `OpenAIDouble`."""
    return spawned(_serve)


def _serve(told: Connection) -> None:
    with OpenAIDouble() as provider:
        told.send(provider.base_url)
        told.poll(None)
