#!/usr/bin/env bash
# Package: PyPI openai 3.57.0, groq 1.7.0, anthropic 2.14.0; npm openai 7.59.0, groq-sdk 1.6.0, ai 7.0.173 with @ai-sdk/openai-compatible 3.0.92
# Behaviour: a 429 with "retry-after: 300" has four meanings, and they differ between the two languages of one vendor.
#   openai (Python) raises at once; anthropic (Python) and groq-sdk (Node) wait the five minutes;
#   groq (Python), openai (Node) and the AI SDK drop the header and come back after their usual short backoff.
# Seen: anthropic-py=waits groq-node=waits groq-py=asks-again openai-node=asks-again openai-py=gives-up vercel-ai=asks-again
# Wrong guess: the longer the retry-after, the longer a client stays away. Past one minute three of six come back within seconds.
# Hurts: a gateway that answers with the time until a budget or a daily quota is free: it invites the retries it wants to stop.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --no-compile --disable-pip-version-check openai==3.57.0 groq==1.7.0 anthropic==2.14.0
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund openai@7.59.0 groq-sdk@1.6.0 ai@7.0.173 @ai-sdk/openai-compatible@3.0.92
cat >clients.mjs <<'JS'
import { generateText } from "ai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import Groq from "groq-sdk";
import OpenAI from "openai";
const url = process.argv[2];
const body = { model: "m", messages: [{ role: "user", content: "hello" }] };
const ignore = () => {};
new OpenAI({ baseURL: `${url}/openai-node`, apiKey: "k", maxRetries: 1 }).chat.completions.create(body).catch(ignore);
new Groq({ baseURL: `${url}/groq-node`, apiKey: "k", maxRetries: 1 }).chat.completions.create(body).catch(ignore);
const provider = createOpenAICompatible({ name: "x", baseURL: `${url}/vercel-ai`, apiKey: "k" });
generateText({ model: provider("m"), prompt: "hello", maxRetries: 1 }).catch(ignore);
setTimeout(() => process.exit(0), 8000);
JS
cat >check.py <<'PY'
import collections, subprocess, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic, groq, openai

asked, ended = collections.Counter(), set()

class Busy(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        asked[self.path.split("/")[1]] += 1
        body = b'{"error":{"message":"quota","type":"rate_limit_error"}}'
        self.send_response(429)
        for name, value in (("retry-after", "300"), ("content-type", "application/json"), ("content-length", len(body))):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
messages = [{"role": "user", "content": "hello"}]

def call(name, create):
    try:
        create()
    except Exception:
        ended.add(name)

calls = {
    "openai-py": lambda: openai.OpenAI(base_url=f"{url}/openai-py", api_key="k", max_retries=1).chat.completions.create(model="m", messages=messages),
    "groq-py": lambda: groq.Groq(base_url=f"{url}/groq-py", api_key="k", max_retries=1).chat.completions.create(model="m", messages=messages),
    "anthropic-py": lambda: anthropic.Anthropic(base_url=f"{url}/anthropic-py", api_key="k", max_retries=1).messages.create(model="m", messages=messages, max_tokens=5),
}
for name, create in calls.items():
    threading.Thread(target=call, args=(name, create), daemon=True).start()
subprocess.run(["node", "clients.mjs", url], check=True)
names = [*calls, "openai-node", "groq-node", "vercel-ai"]
said = {n: "asks-again" if asked[n] == 2 else "gives-up" if n in ended else "waits" for n in names}
print(*(f"{n}={said[n]}" for n in sorted(said)))
PY
seen=$(venv/bin/python check.py)
echo "$seen"
[ "$seen" = "anthropic-py=waits groq-node=waits groq-py=asks-again openai-node=asks-again openai-py=gives-up vercel-ai=asks-again" ]
