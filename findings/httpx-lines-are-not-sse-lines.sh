#!/usr/bin/env bash
# Package: PyPI httpx 0.28.1 (httpx-sse 0.4.3 beside it)
# Behaviour: iter_lines() also ends a line at U+2028, U+0085, vertical tab and form feed. JSON may hold the first two
#   unescaped, and SSE knows only CR and LF: an event that is one line becomes two, and neither is JSON.
# Seen: iter_lines: ['data: {"text": "one', 'two"}', '']; httpx-sse: ['{"text": "one\u2028two"}']
# Wrong guess: iter_lines() and line.startswith("data: ") are enough to read a stream of events.
# Hurts: gateways and clients that read server-sent events line by line: they fail on the rare answer with such a character.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check httpx==0.28.1 httpx-sse==0.4.3
cat >"$work/check.py" <<'PY'
import json

import httpx, httpx_sse

body = f"data: {json.dumps({'text': 'one' + chr(0x2028) + 'two'}, ensure_ascii=False)}\n\n".encode()

def answer(request):
    return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=body)

client = httpx.Client(transport=httpx.MockTransport(answer))
lines = list(client.get("http://upstream/").iter_lines())
with httpx_sse.connect_sse(client, "GET", "http://upstream/") as source:
    events = [event.data for event in source.iter_sse()]
print(f"iter_lines: {lines}; httpx-sse: {events}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "iter_lines: ['data: {\"text\": \"one', 'two\"}', '']; httpx-sse: ['{\"text\": \"one\\u2028two\"}']" ]
