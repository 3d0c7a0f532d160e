"""`python -m benchmarks [--beside] [name …]`: run the named benchmarks, or list them."""

import importlib
import sys

from benchmarks import baseline

NAMES = {
    "coalesce": "calls of the provider by identical requests, with Redis slow, away and well",
    "dashboard": "server time of Overview, Usage and Requests over BENCH_ROWS rows on PostgreSQL",
    "edge": "CPU of a hit and a miss on both hosts, beside servers that do nothing",
    "http_server": "granian and uvicorn before an application that does nothing, and the edge",
    "http_client": "a short exchange by the CPython host's own HTTP client, and by aiohttp",
    "peers": "a request, a stream and a start of ours beside TensorZero and LiteLLM",
    "import_time": "importing the Worker's entry under Pyodide, by package",
    "replay": "time to the first event of a hit's stream",
    "streaming": "time to the first event that the edge adds, and memory by stream length",
    "prompt_cache": "what planned markers in prompt caches save, on simulated traffic",
    "semantic_cold_start": "the Worker's bundle and start with and without the semantic files",
    "semantic_index": "the semantic index on a real Redis as a scope grows",
    "neighbours": "how long a neighbour waits while somebody's largest legal request is worked on",
    "outage": "the table of faults: failed, wrong and lost, and how long requests wait",
    "stripe_webhook": "Stripe's webhook on SQLite and PostgreSQL, beside a view that does nothing",
    "rows": "a usage row's way into the database, by the REST API and by the edge's own connection",
    "row_loss": "usage rows that are lost when a process is killed under load, twenty times",
    "worker": "CPU of a hit and a miss in Pyodide, beside a Worker that does nothing",
    "redis_rest": "one Redis round trip through the local Upstash REST server",
}


def main() -> int:
    """Run what was named; 2 when a name is unknown or none was given."""
    wanted = sys.argv[1:]
    beside = "--beside" in wanted
    wanted = [name for name in wanted if name != "--beside"]
    if not wanted or not set(wanted) <= set(NAMES):
        print("Benchmarks (make bench ARGS=name):")
        for name, what in NAMES.items():
            print(f"  {name:20} {what}")
        print(f'With ARGS="--beside name": {baseline.COMMIT} first, in the same run.')
        return 2 if wanted else 0
    if beside:
        return _beside(wanted)
    for name in wanted:
        print(f"--- {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


def _beside(wanted: list[str]) -> int:
    """Each benchmark on the baseline and then on this build; 1 where the baseline cannot run."""
    try:
        with baseline.checkout() as folder:
            for name in wanted:
                print(f"--- {name}, {baseline.COMMIT}", flush=True)
                print(baseline.run(folder, name), end="")
                print(f"--- {name}, this build", flush=True)
                importlib.import_module(f"benchmarks.{name}").main()
    except baseline.NoBaselineError as error:
        print(f"No baseline: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
