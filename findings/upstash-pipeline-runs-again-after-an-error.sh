#!/usr/bin/env bash
# Package: PyPI upstash-redis 1.8.0
# Behaviour: one failed command makes pipeline.exec() raise. The answers of the others, which Redis has run, are lost, and the
#   pipeline keeps its commands: exec() again, as a retry would do, sends them all once more. After a success it is empty.
# Seen: sent 2 times: [["INCR","paid"],["INCR","text"],["GET","paid"]]
# Wrong guess: like redis-py, exec() empties the pipeline, whatever the outcome.
# Hurts: counters and budgets: retrying the call after the error counts every healthy INCR twice.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check upstash-redis==1.8.0
cat >"$work/check.py" <<'PY'
import collections, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from upstash_redis import Redis
from upstash_redis.errors import UpstashError

sent = collections.Counter()

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        sent[self.rfile.read(int(self.headers["content-length"])).decode()] += 1
        body = b'[{"result":1},{"error":"ERR value is not an integer or out of range"},{"result":"MQ=="}]'
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
pipeline = Redis(url=f"http://127.0.0.1:{server.server_port}", token="t").pipeline()
pipeline.incr("paid")
pipeline.incr("text")
pipeline.get("paid")
for _ in range(2):
    try:
        pipeline.exec()
    except UpstashError:
        pass
print("; ".join(f"sent {times} times: {commands}" for commands, times in sent.items()))
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "sent 2 times: [[\"INCR\",\"paid\"],[\"INCR\",\"text\"],[\"GET\",\"paid\"]]" ]
