#!/usr/bin/env bash
# Package: PyPI litellm 1.110.2
# Behaviour: with litellm.cache on, the first completion works and stores its answer. The second, the first hit, imports parts
#   of the proxy server and raises ModuleNotFoundError unless they are installed; plain "pip install litellm" has them not.
# Seen: first: answer; second: ModuleNotFoundError: No module named 'fastapi'
# Wrong guess: what a library's cache can store it can read with the same packages.
# Hurts: whoever compares with or migrates from LiteLLM as a library: the smoke test with one call passes, and the cache fails
#   as soon as it is useful.
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
from litellm.caching.caching import Cache

ANSWER = {"id": "c", "object": "chat.completion", "created": 1, "model": "m",
          "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "answer"}}],
          "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        body = json.dumps(ANSWER).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
litellm.suppress_debug_info = True
litellm.cache = Cache(type="local")

def ask():
    try:
        answer = litellm.completion(model="openai/m", api_base=f"http://127.0.0.1:{server.server_port}", api_key="k", caching=True,
                                    messages=[{"role": "user", "content": "hello"}])
        return answer.choices[0].message.content
    except ModuleNotFoundError as error:
        return f"{type(error).__name__}: {error}"

print(f"first: {ask()}; second: {ask()}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "first: answer; second: ModuleNotFoundError: No module named 'fastapi'" ]
