"""LiteLLM's proxy with its Redis cache, for a comparison in the same run.

It is no dependency: `LITELLM` names its command in an environment of its own
(`python -m venv … && …/bin/pip install 'litellm[proxy]'`, then `LITELLM=…/bin/litellm`).
"""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from local_stack import ports
from tests.doubles.redis_process import redis_process

KEY = "sk-benchmark"
_START_SECONDS = 300


@contextmanager
def litellm_proxy(command: str, provider_url: str, provider_key: str) -> Iterator[tuple[int, int]]:
    """Port and process id of one worker that asks ``provider_url`` and caches in a fresh Redis."""
    port = ports.unused()
    with redis_process() as redis_url, tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.json"  # YAML is a superset of JSON
        config.write_text(
            json.dumps(_configuration(provider_url, provider_key, redis_url)), encoding="utf-8"
        )
        process = subprocess.Popen(
            [command, "--config", str(config), "--host", "127.0.0.1", "--port", str(port)],
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(port, process)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait()


def _configuration(provider_url: str, provider_key: str, redis_url: str) -> dict[str, object]:
    redis = urlsplit(redis_url)
    return {
        "model_list": [
            {
                "model_name": "gpt-4o-mini",
                "litellm_params": {
                    "model": "openai/gpt-4o-mini",
                    "api_base": provider_url,
                    "api_key": provider_key,
                },
            }
        ],
        "litellm_settings": {
            "cache": True,
            "cache_params": {"type": "redis", "host": redis.hostname, "port": redis.port},
            "telemetry": False,
        },
        "general_settings": {"master_key": KEY},
    }


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"LiteLLM ended with status {process.returncode}")
        try:
            httpx.get(f"http://127.0.0.1:{port}/health/liveliness", timeout=5)
            return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("LiteLLM did not start")
