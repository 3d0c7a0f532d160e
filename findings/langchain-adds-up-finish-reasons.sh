#!/usr/bin/env bash
# Package: PyPI langchain-openai 1.7.4 (openai 3.57.0 beneath)
# Behaviour: the chunks of a stream are added up, and strings of the response's metadata are joined. A server that says
#   finish_reason in two chunks (with the last text, and again in the closing chunk) yields a reason that does not exist.
# Seen: text=Paris finish_reason=stopstop model_name=mm
# Wrong guess: saying it twice does no harm: every client takes the first or the last.
# Hurts: agents that test for "stop", "length" or "tool_calls", behind a gateway that closes a stream which was already closed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check langchain-openai==1.7.4 openai==3.57.0
cat >"$work/check.py" <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langchain_openai import ChatOpenAI

def chunk(delta, finish=None):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

CHUNKS = [chunk({"role": "assistant", "content": "Pa"}), chunk({"content": "ris"}, "stop"), chunk({}, "stop")]

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write("".join(f"data: {json.dumps(c)}\n\n" for c in CHUNKS).encode() + b"data: [DONE]\n\n")

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
model = ChatOpenAI(model="m", api_key="k", base_url=f"http://127.0.0.1:{server.server_port}")
whole = None
for part in model.stream("Capital of France?"):
    whole = part if whole is None else whole + part
said = whole.response_metadata
print(f"text={whole.content} finish_reason={said['finish_reason']} model_name={said['model_name']}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "text=Paris finish_reason=stopstop model_name=mm" ]
