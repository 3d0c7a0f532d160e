#!/usr/bin/env bash
# Package: PyPI openai 3.57.0, anthropic 2.14.0
# Behaviour: asked for a stream, a server may answer 200 with one JSON document (many caches and local servers do).
#   Both SDKs read it as server-sent events without a single event: the loop ends, nothing is raised, the answer is gone.
# Seen: openai: 0 chunks, no error; anthropic: 0 events, no error
# Wrong guess: the SDK looks at content-type and returns the answer, or raises.
# Hurts: a gateway that replays a stored JSON answer to a streaming caller, and whoever debugs "the model says nothing".
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check openai==3.57.0 anthropic==2.14.0
seen=$("$work/venv/bin/python" - <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic, openai

CHAT = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Paris"}}]}
MESSAGE = {"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn", "stop_sequence": None,
           "content": [{"type": "text", "text": "Paris"}], "usage": {"input_tokens": 1, "output_tokens": 1}}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(MESSAGE if self.path.endswith("messages") else CHAT).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
ask = {"model": "m", "messages": [{"role": "user", "content": "Capital of France?"}], "stream": True}
chunks = list(openai.OpenAI(base_url=url, api_key="k").chat.completions.create(**ask))
events = list(anthropic.Anthropic(base_url=url, api_key="k").messages.create(max_tokens=5, **ask))
print(f"openai: {len(chunks)} chunks, no error; anthropic: {len(events)} events, no error")
PY
)
echo "$seen"
[ "$seen" = "openai: 0 chunks, no error; anthropic: 0 events, no error" ]
