#!/usr/bin/env bash
# Package: PyPI openai 3.57.0
# Behaviour: chat.completions.stream() appends every string of a tool call's deltas. A server that repeats id and name in each
#   delta (several do, to be helpful) yields a call to a function that does not exist, with an id that nobody issued.
# Seen: id=call_1call_1 name=get_timeget_time arguments={"zone":"UTC"}
# Wrong guess: only the arguments are deltas; id and name are taken once.
# Hurts: a gateway that translates another provider's stream and fills in id and name each time; the tool result that comes
#   back names an id that the provider never gave.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check openai==3.57.0
cat >"$work/check.py" <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import openai

def chunk(delta, finish=None):
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

def call(arguments):
    return chunk({"tool_calls": [{"index": 0, "id": "call_1", "type": "function",
                                  "function": {"name": "get_time", "arguments": arguments}}]})

CHUNKS = [chunk({"role": "assistant"}), call('{"zone":'), call('"UTC"}'), chunk({}, "tool_calls")]

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
client = openai.OpenAI(base_url=f"http://127.0.0.1:{server.server_port}", api_key="k")
with client.chat.completions.stream(model="m", messages=[{"role": "user", "content": "What time is it?"}]) as stream:
    tool = stream.get_final_completion().choices[0].message.tool_calls[0]
print(f"id={tool.id} name={tool.function.name} arguments={tool.function.arguments}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "id=call_1call_1 name=get_timeget_time arguments={\"zone\":\"UTC\"}" ]
