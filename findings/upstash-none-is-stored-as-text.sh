#!/usr/bin/env bash
# Package: PyPI upstash-redis 1.8.0
# Behaviour: set(key, None) sends the four letters null as the value, without an error. get() then returns the string
#   "null", which is true and not None. redis-py raises DataError for the same call.
# Seen: ["SET","answer","null"]
# Wrong guess: None raises, or deletes, or comes back as None.
# Hurts: caches that store "no answer" by mistake: every later look-up is a hit with the text null.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check upstash-redis==1.8.0
cat >"$work/check.py" <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from upstash_redis import Redis

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["content-length"])).decode())
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "15")
        self.end_headers()
        self.wfile.write(b'{"result":"OK"}')

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
Redis(url=f"http://127.0.0.1:{server.server_port}", token="t").set("answer", None)
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "[\"SET\",\"answer\",\"null\"]" ]
