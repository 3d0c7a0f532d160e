#!/usr/bin/env bash
# Package: PyPI prometheus-client 0.26.0
# Behaviour: with PROMETHEUS_MULTIPROC_DIR set (needed as soon as there are two workers) Info and Enum accept their values and
#   are missing in the scrape, and a gauge with set_function() reports 0. Nothing is raised or logged.
# Seen: build_info: missing; breaker_state: missing; queue_length: 0.0 instead of 3.0; requests_total: 1.0
# Wrong guess: a metric type that the mode cannot do raises when it is made.
# Hurts: a gateway's dashboards and alerts: a circuit breaker's state, a version, a queue's length read as "fine".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check prometheus-client==0.26.0
cat >"$work/check.py" <<'PY'
import os, tempfile

os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(dir=".")
from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, Info, generate_latest, multiprocess

Info("build", "version").info({"version": "1"})
Enum("breaker_state", "state", states=["closed", "open"]).state("open")
Gauge("queue_length", "rows").set_function(lambda: 3)
Counter("requests", "requests").inc()
registry = CollectorRegistry()
multiprocess.MultiProcessCollector(registry)
lines = [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]

def value(name):
    return next((line.split()[-1] for line in lines if line.startswith(name)), "missing")

print(f"build_info: {value('build_info')}; breaker_state: {value('breaker_state')}; "
      f"queue_length: {value('queue_length')} instead of 3.0; requests_total: {value('requests_total')}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "build_info: missing; breaker_state: missing; queue_length: 0.0 instead of 3.0; requests_total: 1.0" ]
