#!/usr/bin/env bash
# Package: PyPI openai 3.57.0, groq 1.7.0
# Behaviour: once an event of the stream had an "id:" line, the next comment (": ping" and a blank line) is dispatched as an
#   event without data, and its JSON fails to parse. Without an id the same comment is skipped.
# Seen: no id: openai 'Paris', groq 'Paris'; with id: openai JSONDecodeError, groq JSONDecodeError
# Wrong guess: a comment is never an event (the SSE standard dispatches nothing while no data line has come).
# Hurts: a gateway that keeps silent streams alive by comments in front of a provider or framework that numbers its events.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check openai==3.57.0 groq==1.7.0
cat >"$work/check.py" <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import groq, openai

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Paris"}, "finish_reason": "stop"}]}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        number = "id: 1\n" if self.path.startswith("/with") else ""
        self.wfile.write(f"{number}data: {json.dumps(CHUNK)}\n\n: ping\n\ndata: [DONE]\n\n".encode())

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
ask = {"model": "m", "messages": [{"role": "user", "content": "Capital of France?"}], "stream": True}

def outcome(make, path):
    client = make(base_url=f"http://127.0.0.1:{server.server_port}/{path}", api_key="k")
    try:
        return repr("".join(chunk.choices[0].delta.content for chunk in client.chat.completions.create(**ask)))
    except ValueError as error:
        return type(error).__name__

for path, name in (("plain", "no id"), ("with", "with id")):
    print(f"{name}: openai {outcome(openai.OpenAI, path)}, groq {outcome(groq.Groq, path)}", end="; " if path == "plain" else "\n")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "no id: openai 'Paris', groq 'Paris'; with id: openai JSONDecodeError, groq JSONDecodeError" ]
