#!/usr/bin/env bash
# Package: PyPI pydantic-ai-slim[openai] 2.66.0
# Behaviour: a stream that ends in the middle of an answer (no finish_reason, no [DONE]) becomes an answer
#   whose finish_reason is "stop", exactly like a complete one.
# Seen: 'The answer is' stop
# Wrong guess: without a finish_reason in the stream the library raises or leaves finish_reason None.
# Hurts: whoever stores or acts on answers by finish_reason; a gateway that closes quietly when its upstream is lost
#   hands half an answer to an agent that takes it for the whole. It must break the connection or send an error.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check "pydantic-ai-slim[openai]==2.66.0"
seen=$("$work/venv/bin/python" - <<'PY'
import asyncio, json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pydantic_ai.direct import model_request_stream
from pydantic_ai.messages import ModelRequest
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": {"role": "assistant", "content": "The answer is"}, "finish_reason": None}]}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        self.wfile.write(f"data: {json.dumps(CHUNK)}\n\n".encode())

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()

async def main():
    provider = OpenAIProvider(base_url=f"http://127.0.0.1:{server.server_port}", api_key="k")
    request = [ModelRequest.user_text_prompt("What is the answer?")]
    async with model_request_stream(OpenAIChatModel("m", provider=provider), request) as stream:
        async for _ in stream:
            pass
        response = stream.get()
    print(repr(response.parts[0].content), response.finish_reason)

asyncio.run(main())
PY
)
echo "$seen"
[ "$seen" = "'The answer is' stop" ]
