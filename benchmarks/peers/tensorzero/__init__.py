"""TensorZero's embedded HTTP gateway, installed from its lock file into `.watchllm/peers`.

Its cache is in Redis. Observability is off, so it stores no rows; it checks no keys and has no
limits here: both would need a database.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.peers.edge import redis_pid
from benchmarks.peers.peer import ROOT, Peer, PeerMissingError, start, stop, until_it_answers
from tests.doubles.redis_process import redis_process, redis_server_missing

_HERE = Path(__file__).resolve().parent
_ENVIRONMENT = ROOT / ".watchllm" / "peers"
_VERSION = "2026.6.0"
_LACKS = "no key check, no limits, no usage rows"
_CONFIG = """
[gateway]
observability.enabled = false
disable_pseudonymous_usage_analytics = true
[gateway.cache]
backend = "valkey"
[models.peers]
routing = ["mock"]
[models.peers.providers.mock]
type = "openai"
model_name = "gpt-4o-mini"
api_base = {provider}
api_key_location = "env::OPENAI_API_KEY"
"""


@contextmanager
def tensorzero(provider: str) -> Iterator[Peer]:
    """Raises ``PeerMissingError``."""
    if reason := redis_server_missing():
        raise PeerMissingError(reason)
    python = _installed()
    with tempfile.TemporaryDirectory() as folder, redis_process() as redis_url:
        config = Path(folder) / "tensorzero.toml"
        config.write_text(_CONFIG.format(provider=json.dumps(provider)), encoding="utf-8")
        command = [str(python), str(_HERE / "start.py"), str(config), redis_url]
        process, port = _started(command)
        peer = Peer(
            f"TensorZero {_VERSION}",
            port,
            "/openai/v1/chat/completions",
            "unused",
            [process.pid],
            [redis_pid(redis_url)],
            model="tensorzero::model_name::peers",
            more={"tensorzero::cache_options": {"enabled": "on"}},
            lacks=_LACKS,
        )
        peer.again = partial(_again, command, peer)
        try:
            until_it_answers(port, peer.cached(), process)
            yield peer
        finally:
            stop(process)


def _again(command: list[str], peer: Peer) -> float:
    began = time.perf_counter()
    process, port = _started(command)
    try:
        until_it_answers(port, peer.cached(), process)
        return time.perf_counter() - began
    finally:
        stop(process)


def _started(command: list[str]) -> "tuple[subprocess.Popen[bytes], int]":
    process = start(command, {"OPENAI_API_KEY": "sk-peers"}, errors=subprocess.PIPE)
    assert process.stderr is not None
    for line in process.stderr:
        if line.strip().isdigit():
            return process, int(line)
    raise PeerMissingError(f"TensorZero's gateway ended with status {process.wait()}")


def _installed() -> Path:
    python = _ENVIRONMENT / "bin" / "python"
    lock = _HERE / "requirements.txt"
    stamp = _ENVIRONMENT / "installed.txt"
    if stamp.exists() and stamp.read_text() == lock.read_text():
        return python
    for command in (
        [sys.executable, "-m", "venv", str(_ENVIRONMENT)],
        [
            *(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--require-hashes", "-r", str(lock)),
        ],
    ):
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise PeerMissingError(f"tensorzero could not be installed: {last}")
    stamp.write_text(lock.read_text())
    return python
