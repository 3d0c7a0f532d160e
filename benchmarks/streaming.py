"""What the edge adds to a stream: time to the first event, and memory in its length.

The same streamed completion is asked of the provider double directly and through the CPython host,
in turn; medians of both and of their difference. Then streams of growing length: the host's peak
memory must not grow with them (the captured copy is bounded by MAX_CAPTURE_BYTES).
"""

import json
import secrets
import statistics
import time
from pathlib import Path

import httpx

from tests.worker.edge import Edge

_ROUNDS = 60
_LENGTHS = (10_000, 100_000, 400_000)
_CAPTURE = 200_000


def main() -> None:
    """Print milliseconds to the first event, and peak memory by stream length."""
    with Edge("cpython", MAX_CAPTURE_BYTES=str(_CAPTURE)) as edge:
        tenant = edge.tenant()
        edge.openai.say("one two three")
        direct_headers = {"authorization": f"Bearer {edge.openai.key}"}
        direct, through = [], []
        with httpx.Client(headers=direct_headers) as plain:
            for _ in range(_ROUNDS):
                direct.append(_first(plain, f"{edge.openai.base_url}/chat/completions"))
                through.append(_first(tenant.http, f"{edge.base_url}/v1/chat/completions"))
        added = statistics.median(b - a for a, b in zip(direct, through, strict=True))
        print(f"first event: provider {statistics.median(direct):.1f} ms, ", end="")
        print(f"through the edge {statistics.median(through):.1f} ms, added {added:.1f} ms")
        for words in _LENGTHS:
            edge.openai.say("word " * words)
            size = _drain(tenant.http, f"{edge.base_url}/v1/chat/completions")
            print(f"stream of {size / 1e6:6.1f} MB: peak memory {_peak(edge.pid):.0f} MB")


def _request() -> dict[str, object]:
    return {
        "model": "gpt-4o-mini",
        "stream": True,
        "messages": [{"role": "user", "content": secrets.token_hex(8)}],
    }


def _first(client: httpx.Client, url: str) -> float:
    began = time.perf_counter()
    with client.stream("POST", url, content=json.dumps(_request()), headers=_JSON) as answer:
        for _ in answer.iter_raw():
            return (time.perf_counter() - began) * 1000
    raise RuntimeError("an empty stream")


def _drain(client: httpx.Client, url: str) -> int:
    with client.stream("POST", url, content=json.dumps(_request()), headers=_JSON) as answer:
        return sum(len(chunk) for chunk in answer.iter_raw())


def _peak(pid: int) -> float:
    """Megabytes: the largest peak of the host's processes."""
    peaks = []
    for path in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(
                line.split(":", 1) for line in path.read_text().splitlines() if ":" in line
            )
        except OSError:
            continue
        if str(pid) in (fields["Pid"].strip(), fields["PPid"].strip()) and "VmHWM" in fields:
            peaks.append(int(fields["VmHWM"].split()[0]) / 1024)
    return max(peaks)


_JSON = {"content-type": "application/json"}
