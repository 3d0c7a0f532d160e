#!/usr/bin/env bash
# Package: PyPI pydantic-ai-slim[openai] 2.66.0, langchain-openai 1.7.4 (openai 3.57.0 beneath both)
# Behaviour: some servers put the usage so far into every chunk (vLLM calls it continuous usage stats). Both libraries
#   add up what they find: five chunks of a request with 10 input tokens make 50.
# Seen: pydantic-ai: 50 in, 7 out; langchain: 50 in, 7 out; true: 10 in, 2 out
# Wrong guess: the last usage replaces the one before it.
# Hurts: a gateway that passes such chunks on: its callers' cost reports and token limits are wrong by the number of chunks.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check "pydantic-ai-slim[openai]==2.66.0" langchain-openai==1.7.4 openai==3.57.0
seen=$("$work/venv/bin/python" - <<'PY'
import asyncio, json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from langchain_openai import ChatOpenAI
from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelRequest
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

def chunk(delta, done, finish=None):
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    usage = {"prompt_tokens": 10, "completion_tokens": done, "total_tokens": 10 + done}
    return {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": choices, "usage": usage}

CHUNKS = [chunk({"role": "assistant", "content": ""}, 0), chunk({"content": "Pa"}, 1), chunk({"content": "ris"}, 2),
          chunk({}, 2, "stop"), chunk(None, 2)]

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
url = f"http://127.0.0.1:{server.server_port}"

async def pydantic_usage():
    model = OpenAIChatModel("m", provider=OpenAIProvider(base_url=url, api_key="k"))
    async with model_request_stream(model, [ModelRequest.user_text_prompt("Capital of France?")]) as stream:
        async for _ in stream:
            pass
        return stream.get().usage

whole = None
for part in ChatOpenAI(model="m", api_key="k", base_url=url).stream("Capital of France?"):
    whole = part if whole is None else whole + part
p, l = asyncio.run(pydantic_usage()), whole.usage_metadata
print(f"pydantic-ai: {p.input_tokens} in, {p.output_tokens} out; langchain: {l['input_tokens']} in, {l['output_tokens']} out; true: 10 in, 2 out")
PY
)
echo "$seen"
[ "$seen" = "pydantic-ai: 50 in, 7 out; langchain: 50 in, 7 out; true: 10 in, 2 out" ]
