#!/usr/bin/env bash
# Package: PyPI litellm 1.110.2
# Behaviour: an upstream stream without a single chunk becomes a finished answer: finish_reason "stop", empty content, and
#   a prompt token count of LiteLLM's own making. A stream that has one chunk and is then cut raises.
# Seen: no chunk: finish_reason=stop content='' prompt_tokens>0; one chunk: MidStreamFallbackError
# Wrong guess: a stream that never said it was finished is an error however short it is; usage is the provider's or none.
# Hurts: retries and fallbacks do not start, an empty answer is cached, and a bill shows tokens that no provider reported.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check litellm==1.110.2
cat >"$work/check.py" <<'PY'
import json, os, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm

CHUNK = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m",
         "choices": [{"index": 0, "delta": {"role": "assistant", "content": "The"}, "finish_reason": None}]}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        if self.path.startswith("/one"):
            self.wfile.write(f"data: {json.dumps(CHUNK)}\n\n".encode())

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
litellm.suppress_debug_info = True
messages = [{"role": "user", "content": "hello"}]

def outcome(path):
    try:
        chunks = list(litellm.completion(model="openai/m", api_base=f"http://127.0.0.1:{server.server_port}/{path}", api_key="k",
                                         messages=messages, stream=True, max_retries=0))
        answer = litellm.stream_chunk_builder(chunks, messages=messages)
        choice = answer.choices[0]
        tokens = "prompt_tokens>0" if answer.usage.prompt_tokens > 0 else "prompt_tokens=0"
        return f"finish_reason={choice.finish_reason} content={choice.message.content!r} {tokens}"
    except Exception as error:
        return type(error).__name__

print(f"no chunk: {outcome('none')}; one chunk: {outcome('one')}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "no chunk: finish_reason=stop content='' prompt_tokens>0; one chunk: MidStreamFallbackError" ]
