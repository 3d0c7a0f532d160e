#!/usr/bin/env bash
# Package: PyPI openai 3.57.0
# Behaviour: timeout=1 bounds the wait for the next bytes, not the call. Comments between events (": ping", which every
#   good server sends) and leading spaces of a JSON answer count as bytes: a call with a limit of 1 s took 3 s and succeeded.
# Seen: stream: answered after 3 s; json: answered after 3 s; limit: 1 s
# Wrong guess: a request that has no answer after `timeout` seconds raises APITimeoutError.
# Hurts: callers behind a gateway that sends keep-alive comments while the model thinks: their own deadline never comes,
#   and the gateway must have one of its own.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check openai==3.57.0
cat >"$work/check.py" <<'PY'
import json, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai

CHOICE = {"index": 0, "finish_reason": "stop"}
CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [CHOICE | {"delta": {"content": "Hi"}}]}
CHAT = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [CHOICE | {"message": {"role": "assistant", "content": "Hi"}}]}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        stream = json.loads(self.rfile.read(int(self.headers["content-length"]))).get("stream")
        self.send_response(200)
        self.send_header("content-type", "text/event-stream" if stream else "application/json")
        self.end_headers()
        for _ in range(6):
            self.wfile.write(b": ping\n\n" if stream else b" ")
            self.wfile.flush()
            time.sleep(0.5)
        self.wfile.write(f"data: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n".encode() if stream else json.dumps(CHAT).encode())

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}", api_key="k", timeout=1, max_retries=0)

def seconds(stream):
    started = time.monotonic()
    answer = client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hello"}], stream=stream)
    text = next(iter(answer)).choices[0].delta.content if stream else answer.choices[0].message.content
    assert text == "Hi"
    return int(time.monotonic() - started)

print(f"stream: answered after {min(seconds(True), 3)} s; json: answered after {min(seconds(False), 3)} s; limit: 1 s")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "stream: answered after 3 s; json: answered after 3 s; limit: 1 s" ]
