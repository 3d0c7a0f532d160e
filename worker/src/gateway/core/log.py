"""Structured log lines: one JSON object each, on standard output (Cloudflare collects it)."""

import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

# csk- has sk- in it.
_MARKERS = ("lgw_", "lgr_", "sk-", "gsk_", "xai-", "AIza", "hf_", "pplx-", "tgp_", "earer ")
_SECRETS = re.compile(
    r"(lg[wr]_|c?sk-(?:ant-|proj-)?|gsk_|xai-|AIza|hf_|pplx-|tgp_(?:v1_)?|[Bb]earer +)"
    r"[A-Za-z0-9_\-.]{6,}"
)
_encode = json.JSONEncoder(default=str).encode


def redact(text: str) -> str:
    """Cut anything that looks like a key down to its prefix."""
    if not any(marker in text for marker in _MARKERS):
        return text
    return _SECRETS.sub(lambda match: f"{match[1]}[redacted]", text)


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")


class _Output:
    """Where lines go, and the clock that tells observers when."""

    write: Callable[[str], object] = staticmethod(_print)
    now: Callable[[], float] = staticmethod(time.time)


Observer = Callable[[str, float], None]
_observers: list[Observer] = []


def output_to(write: Callable[[str], object], now: Callable[[], float]) -> None:
    """Have each line written by ``write`` instead; ``now``: the host's wall clock."""
    _Output.write, _Output.now = staticmethod(write), staticmethod(now)


def observe(observer: Observer) -> None:
    """Have ``observer`` called with each line, secrets redacted, and its unix time."""
    _observers.append(observer)


def log_event(event: str, level: str = "info", **fields: Any) -> None:
    """Write one line: ``{"event": …, "level": …, …}`` without empty fields, secrets redacted."""
    line: dict[str, Any] = {"event": event, "level": level}
    line.update((name, value) for name, value in fields.items() if value is not None)
    text = redact(_encode(line))
    _Output.write(text)
    for observer in _observers:
        observer(text, _Output.now())
