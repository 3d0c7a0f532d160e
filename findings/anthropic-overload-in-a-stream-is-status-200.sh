#!/usr/bin/env bash
# Package: PyPI anthropic 2.14.0
# Behaviour: an "error" event in a stream raises APIStatusError with status_code 200, also for overloaded_error and as the
#   very first event. The same error as a 529 answer raises OverloadedError. Nothing in a stream is retried.
# Seen: stream: APIStatusError 200, 1 request; answer: OverloadedError 529, 3 requests
# Wrong guess: code that catches the overload class, or looks for status_code >= 500, also covers streams.
# Hurts: a gateway that has already sent 200 and then loses its provider, and every client with fallbacks by status code.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check anthropic==2.14.0
cat >"$work/check.py" <<'PY'
import json, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anthropic

ERROR = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
requests = []

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        stream = json.loads(self.rfile.read(int(self.headers["content-length"]))).get("stream")
        requests.append(stream)
        body = (f"event: error\ndata: {ERROR}\n\n" if stream else ERROR).encode()
        self.send_response(200 if stream else 529)
        self.send_header("content-type", "text/event-stream" if stream else "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = anthropic.Anthropic(base_url=f"http://127.0.0.1:{server.server_port}", api_key="k", max_retries=2)

def outcome(stream):
    try:
        list(client.messages.create(model="m", max_tokens=5, messages=[{"role": "user", "content": "hello"}], stream=stream))
    except anthropic.APIStatusError as error:
        count = sum(1 for s in requests if bool(s) is stream)
        return f"{type(error).__name__} {error.status_code}, {count} request{'s' * (count > 1)}"

print(f"stream: {outcome(True)}; answer: {outcome(False)}")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "stream: APIStatusError 200, 1 request; answer: OverloadedError 529, 3 requests" ]
