"""What a fresh Pyodide spends before its first request, and on the first eligible prompt.

Run in Pyodide by benchmarks/semantic_cold_start.py, in a folder laid out as the Worker's bundle.
Prints one JSON object; milliseconds and MiB. "start" as its argument stops before the prompt.
"""

import json
import sys
import time

import pyodide_process


def _mebibytes() -> float:
    return pyodide_process.wasm_bytes() / 2**20


found = {}
sys.path[:0] = ["worker/src", "python_modules"]
begun = time.perf_counter()
import hosts.cloudflare  # noqa: E402, F401

if sys.argv[1] == "start":
    found["importing the Worker, ms"] = (time.perf_counter() - begun) * 1e3
    found["memory, MiB"] = _mebibytes()
else:
    begun = time.perf_counter()
    from shared.decision import decide, eligible, encode

    imported = time.perf_counter()
    assert eligible("How do I learn to swim?").eligible
    query = encode("How do I learn to swim?")
    encoded = time.perf_counter()
    assert decide(query, "What is the best way to learn swimming?", 0.5).serve
    found["first eligible prompt: importing the rules, ms"] = (imported - begun) * 1e3
    found["first eligible prompt: table and code, ms"] = (encoded - imported) * 1e3
    found["first candidate: word lists and pair model, ms"] = (time.perf_counter() - encoded) * 1e3
    found["memory after it, MiB"] = _mebibytes()
print(json.dumps(found))
