"""Usage rows that a SIGKILL loses: a process is killed under load, again and again, with Redis up.

What was settled is read from Redis itself: an entry's name ends in its exact key, which the row of
its miss has too. Every settled miss must have its row, once, after another process has drained what
was left. Of hits, whose rows leave in batches, it says how many were answered without a row.
"""

import random
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx

from shared import redis_keys
from tests.doubles.redis_process import redis_process
from tests.worker.edge import Edge, Tenant, until

ROUNDS = 20
_CLIENTS = 6
_SECONDS = (0.3, 1.5)
"""Of load before the kill."""


def main() -> None:
    """Print a line for each round, and the sums."""
    total: Counter[str] = Counter()
    with redis_process() as url, Edge("cpython", redis_url=url, REDIS_URL=url) as keeper:
        for number in range(1, ROUNDS + 1):
            counted = _round(keeper, url)
            total += counted
            print(f"{number:3} {_told(counted)}", flush=True)
    print(f"sum {_told(total)}")


def _round(keeper: Edge, url: str) -> Counter[str]:
    """``keeper``: whose Redis and Supabase all processes use."""
    tenant = keeper.tenant()
    with Edge("cpython", beside=keeper, REDIS_URL=url) as doomed:
        statuses = _load_and_kill(doomed, tenant)
    prefix = redis_keys.entry(tenant.project_id, "")
    settled = {name.removeprefix(prefix) for name in keeper.redis("KEYS", f"{prefix}*")}
    # A process that was just started looks at once for what others left, the others once a minute.
    with Edge("cpython", beside=keeper, REDIS_URL=url):
        journal = redis_keys.usage_journal()
        until(lambda: keeper.redis("HLEN", journal) == 0, "the journal to be drained")
        keeper.settled()
    rows = [row for row in keeper.supabase.usage_logs if row["project_id"] == tenant.project_id]
    misses = [row["cache_key"] for row in rows if row["cache_status"] == "MISS"]
    hits = sum(row["cache_status"] == "HIT" for row in rows)
    return Counter(
        {
            "answered": sum(statuses.values()),
            "settled": len(settled),
            "lost": len(settled - set(misses)),
            "doubled": len(rows) - len({row["request_id"] for row in rows}),
            "hits": statuses["HIT"],
            "hits_lost": max(0, statuses["HIT"] - hits),
        }
    )


def _load_and_kill(doomed: Edge, tenant: Tenant) -> Counter[str]:
    """What the clients were answered, by the cache's word, until the process was killed."""
    answered: Counter[str] = Counter()
    lock = threading.Lock()
    headers = {"authorization": f"Bearer {tenant.key}"}

    def client(number: int) -> None:
        with httpx.Client(base_url=doomed.base_url, headers=headers, timeout=30) as http:
            for count in range(100_000):
                # Every second question is an old one.
                text = f"{number} {count // 2}"
                body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
                try:
                    answer = http.post("/v1/chat/completions", json=body)
                except httpx.TransportError:
                    return
                with lock:
                    answered[answer.headers["x-watchllm-cache"]] += 1

    with ThreadPoolExecutor(_CLIENTS) as pool:
        clients = [pool.submit(client, number) for number in range(_CLIENTS)]
        until(lambda: sum(answered.values()) > 0, "the load to begin")
        time.sleep(random.uniform(*_SECONDS))
        doomed.kill()
        for one in clients:
            one.result()
    return answered


def _told(counted: Counter[str]) -> str:
    return (
        f"{counted['answered']:6} answered, {counted['settled']:5} misses settled: "
        f"{counted['lost']} rows lost, {counted['doubled']} doubled; "
        f"{counted['hits']:5} hits, {counted['hits_lost']} of their rows lost"
    )
