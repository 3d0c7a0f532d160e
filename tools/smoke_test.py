"""Is the edge that was just deployed the one that we built, and does it work?

    python tools/smoke_test.py https://edge.example.com --release 3f2c1a9 [--model gpt-4o-mini]

With WATCHLLM_SMOKE_KEY in the environment (a key of a project kept for this) it also asks one small
question twice: the second answer must come from the cache. Standard library only; exit code 1 and
one line on what is wrong.
"""

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.request
from typing import Any

_ATTEMPTS = 10
_PAUSE_SECONDS = 3.0
_TIMEOUT_SECONDS = 30.0


class Wrong(Exception):
    """What is not as it must be."""


def ask(
    url: str, key: str = "", body: dict[str, Any] | None = None
) -> tuple[int, dict[str, str], Any]:
    """Status, headers (lower case) and JSON of an answer. Raises ``OSError``."""
    request = urllib.request.Request(url, None if body is None else json.dumps(body).encode())  # noqa: S310
    request.add_header("content-type", "application/json")
    if key:
        request.add_header("authorization", f"Bearer {key}")
    try:
        answer = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status, headers, json.loads(answer.read() or b"null")


def check_health(base_url: str, release: str) -> None:
    """It is up, and (after a while: versions replace each other slowly) of this release."""
    reason = ""
    for attempt in range(_ATTEMPTS):
        if attempt:
            time.sleep(_PAUSE_SECONDS)
        try:
            status, _, body = ask(f"{base_url}/health")
        except (OSError, ValueError) as error:
            reason = f"/health: {error}"
            continue
        if status != 200 or body.get("status") != "ok":
            reason = f"/health answered with status {status}"
        elif release and body.get("release") != release:
            reason = f"release {body.get('release')} is up, not {release}"
        else:
            return
    raise Wrong(reason)


def check_refusal(base_url: str) -> None:
    """Without a key nothing is served."""
    status, _, body = ask(f"{base_url}/v1/models")
    if status != 401 or body["error"]["code"] != "invalid_api_key":
        raise Wrong(f"/v1/models without a key answered with status {status}")


def check_cache(base_url: str, key: str, model: str) -> None:
    """The same question twice: the second time from the cache."""
    body = {
        "model": model,
        "max_tokens": 5,
        "messages": [{"role": "user", "content": f"Say yes. ({time.time_ns()})"}],
    }
    seen = []
    for _ in range(3):
        status, headers, _ = ask(f"{base_url}/v1/chat/completions", key, body)
        if status != 200:
            raise Wrong(f"a chat completion was answered with status {status}")
        seen.append(headers["x-watchllm-cache"])
        if seen[-1].startswith("HIT"):
            return
        time.sleep(1)
    raise Wrong(f"the same question was never served from the cache: {', '.join(seen)}")


def main() -> int:
    """Run every check; print what is wrong."""
    parser = argparse.ArgumentParser(description="Smoke test of a deployed edge.")
    parser.add_argument("base_url", type=lambda text: text.rstrip("/"))
    parser.add_argument("--release", default="", help="what /health must name as its release")
    parser.add_argument("--model", default="gpt-4o-mini")
    options = parser.parse_args()
    key = os.environ.get("WATCHLLM_SMOKE_KEY", "")
    try:
        check_health(options.base_url, options.release)
        check_refusal(options.base_url)
        if key:
            check_cache(options.base_url, key, options.model)
    except (Wrong, OSError, ValueError, KeyError, TypeError) as error:
        print(f"{options.base_url}: {error}", file=sys.stderr)
        return 1
    print(
        f"{options.base_url} works"
        + ("" if key else " (WATCHLLM_SMOKE_KEY not set: no request sent)")
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
