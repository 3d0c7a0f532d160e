#!/usr/bin/env bash
# Package: PyPI openai 3.57.0
# Behaviour: with n=2, chat.completions.stream() raises IndexError when the second choice's first chunk arrives before
#   the first choice's. create(stream=True) reads the same bytes without trouble.
# Seen: create: {0: 'A', 1: 'B'}; stream(): IndexError: list assignment index out of range
# Wrong guess: choices carry an index so that their chunks may come in any order.
# Hurts: a gateway that merges the streams of several upstream requests into one n=2 answer, or replays a stored one by choice.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check openai==3.57.0
cat >"$work/check.py" <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai

def chunk(index, text):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": index, "delta": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write("".join(f"data: {json.dumps(c)}\n\n" for c in (chunk(1, "B"), chunk(0, "A"))).encode() + b"data: [DONE]\n\n")

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}", api_key="k")
ask = {"model": "m", "n": 2, "messages": [{"role": "user", "content": "A letter?"}]}
plain = {c.choices[0].index: c.choices[0].delta.content for c in client.chat.completions.create(**ask, stream=True)}
try:
    with client.chat.completions.stream(**ask) as stream:
        stream.get_final_completion()
    helper = "no error"
except Exception as error:
    helper = f"{type(error).__name__}: {error}"
print(f"create: {dict(sorted(plain.items()))}; stream(): {helper}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "create: {0: 'A', 1: 'B'}; stream(): IndexError: list assignment index out of range" ]
