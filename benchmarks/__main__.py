"""`python -m benchmarks [name …]`: run the named benchmarks, or list them."""

import importlib
import sys

NAMES = {
    "dashboard": "server time of Overview, Usage and Requests over BENCH_ROWS rows on PostgreSQL",
    "edge": "CPU of a hit and a miss on both hosts, beside servers that do nothing",
    "http_client": "a short exchange by the CPython host's own HTTP client, and by aiohttp",
    "import_time": "importing the Worker's entry under Pyodide, by package",
    "streaming": "time to the first event that the edge adds, and memory by stream length",
    "semantic_cold_start": "the Worker's bundle and start with and without the semantic files",
    "semantic_index": "the semantic index on a real Redis as a scope grows",
    "outage": "how long requests take while Redis or Supabase is gone",
    "stripe_webhook": "Stripe's webhook on SQLite and PostgreSQL, beside a view that does nothing",
    "redis_rest": "one Redis round trip through the local Upstash REST server",
}


def main() -> int:
    """Run what was named; 2 when a name is unknown or none was given."""
    wanted = sys.argv[1:]
    if not wanted or not set(wanted) <= set(NAMES):
        print("Benchmarks (make bench ARGS=name):")
        for name, what in NAMES.items():
            print(f"  {name:20} {what}")
        return 2 if wanted else 0
    for name in wanted:
        print(f"--- {name}")
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
