#!/usr/bin/env bash
# Package: PyPI anthropic 2.14.0
# Behaviour: Anthropic(api_key=…) sends "authorization: Bearer <key>", no x-api-key, and a new anthropic-version.
# Seen: authorization: Bearer secret; x-api-key: None; anthropic-version: 2026-10-21
# Wrong guess: Anthropic's dialect is told by its x-api-key header, and anthropic-version is always 2023-06-01.
# Hurts: a gateway that takes its callers' key from x-api-key on /v1/messages, that guesses the dialect by that header,
#   or that has the version in its cache key: an upgrade of the SDK then empties the cache.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check anthropic==2.14.0
cat >"$work/check.py" <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic

seen = {}

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        seen.update({name: self.headers.get(name) for name in ("authorization", "x-api-key", "anthropic-version")})
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = anthropic.Anthropic(base_url=f"http://127.0.0.1:{server.server_port}", api_key="secret")
client.messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": "hello"}])
print("; ".join(f"{name}: {value}" for name, value in seen.items()))
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "authorization: Bearer secret; x-api-key: None; anthropic-version: 2026-10-21" ]
