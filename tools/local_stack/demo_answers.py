"""What the demo provider answered is not served once a real provider stands in its place.

The cache key holds a provider's name, and the demo goes by the names of all of them.
"""

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

from local_stack.options import StartError

_ENTRY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:entry2:[0-9a-f]{64}\Z")
_SECONDS = 10.0
_AT_A_TIME = "1000"


def expect(state: Path) -> None:
    """The store may hold the demo's answers from now on."""
    _marker(state).touch()


def forget(state: Path, upstash_url: str, token: str) -> None:
    """Remove every cache entry, if the demo may have answered any. Nothing else is touched."""
    if not _marker(state).exists():
        return
    cursor = "0"
    while True:
        scan = ["SCAN", cursor, "MATCH", "*:entry2:*", "COUNT", _AT_A_TIME]
        cursor, names = _ask(upstash_url, token, scan)
        entries = [name for name in names if _ENTRY.match(name)]
        if entries:
            _ask(upstash_url, token, ["DEL", *entries])
        if cursor == "0":
            break
    _marker(state).unlink()


def _marker(state: Path) -> Path:
    return state / "demo-answers"


def _ask(url: str, token: str, command: list[str]) -> Any:
    request = urllib.request.Request(  # noqa: S310 - a loopback address of ours
        url, json.dumps(command).encode(), {"Authorization": f"Bearer {token}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return json.load(answer)["result"]
    except OSError as error:
        raise StartError(f"The demo provider's answers stay in the cache: {error}") from error
