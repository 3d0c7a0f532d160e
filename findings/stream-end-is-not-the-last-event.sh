#!/usr/bin/env bash
# Package: PyPI openai 3.57.0, groq 1.7.0, anthropic 2.14.0; npm ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92
# Behaviour: after the last event ([DONE], or message_stop) only openai's loop ends. Groq's, Anthropic's and the AI SDK's
#   go on until the server closes the body, here 3 seconds later.
# Seen: openai ends at the last event; anthropic, groq, vercel-ai end when the body does
# Wrong guess: [DONE] and message_stop are there so that the client knows it is finished.
# Hurts: a gateway that does its bookkeeping between the last event and the end of the body: users wait for the database.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check openai==3.57.0 groq==1.7.0 anthropic==2.14.0
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund ai@7.0.173 @ai-sdk/openai-compatible@3.0.92
cat >client.mjs <<'JS'
import { streamText } from "ai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
const provider = createOpenAICompatible({ name: "x", baseURL: process.argv[2], apiKey: "k" });
const started = Date.now();
for await (const text of streamText({ model: provider("m"), prompt: "hello" }).textStream) void text;
console.log((Date.now() - started) / 1000);
JS
cat >check.py <<'PY'
import json, subprocess, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic, groq, openai

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}]}
CHAT = f"data: {json.dumps(CHUNK)}\n\ndata: [DONE]\n\n"
MESSAGE = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write((MESSAGE if self.path.endswith("messages") else CHAT).encode())
        self.wfile.flush()
        time.sleep(3)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
ask = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "stream": True}

def seconds(create, **more):
    started = time.monotonic()
    for _ in create(**ask, **more):
        pass
    return time.monotonic() - started

took = {
    "openai": seconds(openai.OpenAI(base_url=url, api_key="k").chat.completions.create),
    "groq": seconds(groq.Groq(base_url=url, api_key="k").chat.completions.create),
    "anthropic": seconds(anthropic.Anthropic(base_url=url, api_key="k").messages.create, max_tokens=5),
    "vercel-ai": float(subprocess.run(["node", "client.mjs", url], check=True, capture_output=True, text=True).stdout),
}
early = sorted(name for name, t in took.items() if t < 2.5)
late = sorted(name for name, t in took.items() if t >= 2.5)
print(", ".join(early), "ends at the last event;", ", ".join(late), "end when the body does")
PY
seen=$(venv/bin/python check.py)
echo "$seen"
[ "$seen" = "openai ends at the last event; anthropic, groq, vercel-ai end when the body does" ]
