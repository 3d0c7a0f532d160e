#!/usr/bin/env bash
# Package: PyPI openai-agents 0.24.0 (openai 3.57.0 beneath)
# Behaviour: OPENAI_BASE_URL moves the model calls to a gateway. The tracing that is on by default, whose spans hold prompts and
#   answers, is still posted to OpenAI with the key of OPENAI_API_KEY. (The script reads the address and sends nothing.)
# Seen: calls: http://127.0.0.1:9/v1/; traces: https://api.openai.com/v1/traces/ingest with the key gateway-key
# Wrong guess: with the base URL set, nothing goes to OpenAI any more.
# Hurts: teams that route agents through a gateway or to a local model for privacy: the prompts leave by another door,
#   and the gateway's key is shown to a third party. set_tracing_disabled(True) or OPENAI_AGENTS_DISABLE_TRACING=1 closes it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check openai-agents==0.24.0 openai==3.57.0
cat >"$work/check.py" <<'PY'
import os

os.environ["OPENAI_BASE_URL"] = "http://127.0.0.1:9/v1"
os.environ["OPENAI_API_KEY"] = "gateway-key"
from agents.tracing.processors import default_exporter
from openai import OpenAI

exporter = default_exporter()
print(f"calls: {OpenAI().base_url}; traces: {exporter.endpoint} with the key {exporter.api_key}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "calls: http://127.0.0.1:9/v1/; traces: https://api.openai.com/v1/traces/ingest with the key gateway-key" ]
