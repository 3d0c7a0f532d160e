"""How long requests of known keys take while Redis or Supabase is gone, beside when all is well.

Each service is frozen for ten seconds under the load of four clients, the edge with the time
limits that it ships with. The requests that find Redis frozen wait for STORE_TIMEOUT_MS; then a
breaker keeps the others from waiting, while a PING in the background looks whether it is back.
"""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from tests.worker.edge import Edge, Tenant

_SECONDS = 10.0
_CLIENTS = 4
_PAUSE = 0.02


def main() -> None:
    """Print a line for each state."""
    with Edge("cpython", STORE_TIMEOUT_MS="", KEY_LOOKUP_TIMEOUT_MS="") as edge:
        usual = _measure(edge, None)
        _print("all is well", usual, usual)
        for service in ("upstash", "supabase"):
            _print(f"{service} frozen", _measure(edge, service), usual)


def _measure(edge: Edge, frozen: str | None) -> list[float]:
    """Milliseconds of each request. Raises ``RuntimeError`` when one fails."""
    edge.quiet()
    edge.recovered()
    tenants = [edge.tenant() for _ in range(_CLIENTS)]
    for tenant in tenants:
        tenant.ask("question 0")
    if frozen:
        getattr(edge, frozen).break_with("frozen")
    end = time.perf_counter() + _SECONDS
    with ThreadPoolExecutor(_CLIENTS) as pool:
        runs = pool.map(lambda tenant: list(_requests(tenant, end)), tenants)
        return sorted(took for run in runs for took in run)


def _requests(tenant: Tenant, end: float) -> Iterator[float]:
    number = 0
    while time.perf_counter() < end:
        number += 1
        began = time.perf_counter()
        answer = tenant.chat(f"question {number % 20}")
        took = (time.perf_counter() - began) * 1000
        if answer.status_code != 200:
            raise RuntimeError(f"status {answer.status_code}: {answer.text[:200]}")
        yield took
        time.sleep(_PAUSE)


def _print(state: str, took: list[float], usual: list[float]) -> None:
    late = statistics.quantiles(took, n=100)[98]
    print(
        f"{state:16} {len(took):5} requests, 0 failed; median {statistics.median(took):6.1f} ms, "
        f"99 % {late:6.1f} ms, most {took[-1]:6.1f} ms; "
        f"most beyond the usual median {took[-1] - statistics.median(usual):6.1f} ms"
    )
