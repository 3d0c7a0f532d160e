#!/usr/bin/env bash
# Package: PyPI groq 1.7.0 (openai 3.57.0 beside it)
# Behaviour: an SSE event that names itself "message", which is the default name and says nothing, makes the Groq SDK
#   wrap the chunk: every chunk arrives with choices None. The OpenAI SDK, made by the same generator, reads it as usual.
# Seen: groq: [None]; openai: ['Paris']
# Wrong guess: an "event:" line is harmless for readers of the OpenAI dialect, which never look at it.
# Hurts: a gateway that names its events, as some proxies and web frameworks' SSE helpers do for every event.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check groq==1.7.0 openai==3.57.0
seen=$("$work/venv/bin/python" - <<'PY'
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
        self.wfile.write(f"event: message\ndata: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n".encode())

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
ask = {"model": "m", "messages": [{"role": "user", "content": "Capital of France?"}], "stream": True}

def texts(client):
    return [c.choices and c.choices[0].delta.content for c in client.chat.completions.create(**ask)]

print(f"groq: {texts(groq.Groq(base_url=url, api_key='k'))}; openai: {texts(openai.OpenAI(base_url=url, api_key='k'))}")
PY
)
echo "$seen"
[ "$seen" = "groq: [None]; openai: ['Paris']" ]
