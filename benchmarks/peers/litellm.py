"""LiteLLM's proxy with its Redis cache, where `LITELLM` names its command."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.litellm_proxy import KEY, litellm_proxy
from benchmarks.peers import load
from benchmarks.peers.peer import Peer, PeerMissingError


@contextmanager
def litellm(provider: str) -> Iterator[Peer]:
    """Raises ``PeerMissingError``."""
    command = os.environ.get("LITELLM")
    if not command:
        raise PeerMissingError("LITELLM names no command (benchmarks/litellm_proxy.py says how)")
    before = set(load.tree(os.getpid()))

    def again() -> float:
        began = time.perf_counter()
        with litellm_proxy(command, provider, "sk-peers"):
            return time.perf_counter() - began

    with litellm_proxy(command, provider, "sk-peers") as (port, pid):
        beside = set(load.tree(os.getpid())) - before - set(load.tree(pid))
        yield Peer(
            "LiteLLM",
            port,
            "/v1/chat/completions",
            KEY,
            [pid],
            list(beside),  # its Redis
            again=again,
            lacks="one master key, no limits, no usage rows",
        )
