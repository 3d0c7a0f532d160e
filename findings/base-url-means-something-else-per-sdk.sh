#!/usr/bin/env bash
# Package: PyPI openai 3.57.0, groq 1.7.0, anthropic 2.14.0
# Behaviour: given the same base_url http://gateway/v1, OpenAI's SDK adds nothing of its own, Anthropic's adds /v1 again,
#   Groq's adds /openai/v1. A query in base_url (http://gateway/v1?team=a) gets the path glued behind it.
# Seen: /v1/chat/completions /v1/v1/messages /v1/openai/v1/chat/completions /v1/?team=achat/completions
# Wrong guess: one documented base URL serves every SDK, and what identifies the team can stand in its query.
# Hurts: a gateway that documents one base URL: its users get 404s for /v1/v1/messages, and no error for the lost path.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check openai==3.57.0 groq==1.7.0 anthropic==2.14.0
cat >"$work/check.py" <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic, groq, openai

paths = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        paths.append(self.path)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/v1"
ask = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
openai.OpenAI(base_url=url, api_key="k").chat.completions.create(**ask)
anthropic.Anthropic(base_url=url, api_key="k").messages.create(max_tokens=5, **ask)
groq.Groq(base_url=url, api_key="k").chat.completions.create(**ask)
openai.OpenAI(base_url=url + "?team=a", api_key="k").chat.completions.create(**ask)
print(*paths)
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "/v1/chat/completions /v1/v1/messages /v1/openai/v1/chat/completions /v1/?team=achat/completions" ]
