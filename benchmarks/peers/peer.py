"""What is compared: a gateway that is running, and how to ask it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from benchmarks.peers import load

ROOT = Path(__file__).resolve().parents[2]
MODEL = "gpt-4o-mini"
_START_SECONDS = 300.0
_PROMPT = "Please answer in a few plain sentences. " * 7


class PeerMissingError(Exception):
    """The peer cannot run here; the message says why, in one line."""


@dataclass
class Peer:
    """One gateway, one process of it serving.

    ``gateway``: its process ids, those of descendants not included; ``stores``: of Redis, the
    database and whatever else it makes work for, the provider excepted. ``again`` starts another
    process on the same stores and tells after how many seconds that has answered a question that is
    cached. ``model`` and ``more``: what the peer wants to read in every body. ``lacks``: what it
    does not do here. ``stored_rows``: how many usage rows its database has.
    """

    name: str
    port: int
    path: str
    key: str
    gateway: list[int]
    stores: list[int]
    model: str = MODEL
    more: dict[str, Any] = field(default_factory=dict)
    lacks: str = ""
    stored_rows: Callable[[], int] | None = None
    again: Callable[[], float] = field(default=lambda: 0.0)

    def cached(self, **more: Any) -> bytes:
        """The question that is always the same."""
        return self.request("that is always the same", **more)

    def request(self, tag: str, **more: Any) -> bytes:
        """A chat completion; equal tags are equal questions."""
        messages = [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": f"{_PROMPT}Question {tag}"},
        ]
        body = {"model": self.model, "messages": messages, "temperature": 0, **more, **self.more}
        return load.post(self.path, json.dumps(body).encode(), self.key)


def start(
    command: list[str],
    environment: dict[str, str],
    *,
    output: int = subprocess.DEVNULL,
    errors: int = subprocess.DEVNULL,
) -> "subprocess.Popen[bytes]":
    """A process with nothing of this one's environment but where programs and the home are."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.Popen(command, env=kept | environment, cwd=ROOT, stdout=output, stderr=errors)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End it and wait for that."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def until_it_answers(port: int, request: bytes, process: "subprocess.Popen[bytes]") -> None:
    """Return once it has answered a whole request with 200.

    Raises ``RuntimeError`` where the process ends, or does not answer so in time.
    """
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
    headers = {name: value for name, _, value in lines if name != "host"}
    url = f"http://127.0.0.1:{port}{head.split()[1].decode()}"
    deadline = time.monotonic() + _START_SECONDS
    seen = "no answer"
    with httpx.Client(timeout=60) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                raise RuntimeError(f"{process.args!r} ended with status {process.returncode}")
            try:
                answer = client.post(url, content=body, headers=headers)
            except httpx.TransportError:
                time.sleep(0.005)
                continue
            if answer.status_code == 200:
                return
            seen = f"{answer.status_code} {answer.text[:300]}"
            time.sleep(0.05)
    raise RuntimeError(f"{process.args!r}: {seen}")


def python_path(*folders: str) -> str:
    """For PYTHONPATH: these folders of this checkout."""
    return os.pathsep.join(str(ROOT / folder) for folder in folders)


PYTHON = sys.executable
