#!/usr/bin/env bash
# Package: PyPI opentelemetry-exporter-otlp-proto-http 1.45.2
# Behaviour: spans are sent again after 503 and dropped at once after 500 and 408. (The OTLP specification names 429, 502, 503
#   and 504 as the ones to retry.)
# Seen: 503: sent 2 times; 500: sent 1 time; 408: sent 1 time
# Wrong guess: an exporter retries any 5xx, as the SDKs of model providers do, and surely a request timeout.
# Hurts: whoever receives OTLP in a gateway or puts one behind a proxy: an answer of 500 for "busy" loses the telemetry.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check opentelemetry-exporter-otlp-proto-http==1.45.2
cat >"$work/check.py" <<'PY'
import collections, logging, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

logging.disable(logging.CRITICAL)
sent = collections.Counter()

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        status = int(self.path.split("/")[1])
        sent[status] += 1
        self.send_response(status if sent[status] == 1 else 200)
        self.send_header("retry-after", "1")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
for status in (503, 500, 408):
    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=f"http://127.0.0.1:{server.server_port}/{status}", timeout=10)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    provider.get_tracer("finding").start_span("call").end()
print("; ".join(f"{status}: sent {times} time{'s' * (times > 1)}" for status, times in sent.items()))
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "503: sent 2 times; 500: sent 1 time; 408: sent 1 time" ]
