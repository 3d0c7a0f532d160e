#!/usr/bin/env bash
# Package: PyPI stripe 16.1.0
# Behaviour: stripe.Customer.create() retries a 500 twice. StripeClient(...).v1.customers.create(), the recommended way,
#   does not retry: the two have separate defaults for max_network_retries.
# Seen: stripe.Customer: 3 requests; StripeClient: 1 request
# Wrong guess: moving from the global API to StripeClient changes the spelling only.
# Hurts: a billing page or job that was moved: one passing failure of the API becomes a failed checkout.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check stripe==16.1.0
cat >"$work/check.py" <<'PY'
import collections, threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import stripe

asked = collections.Counter()

class Server(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        asked[self.path.split("/")[1]] += 1
        body = b'{"error":{"type":"api_error","message":"passing failure"}}'
        self.send_response(500)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
stripe.api_key, stripe.api_base = "sk_test_example", f"{url}/global"
client = stripe.StripeClient("sk_test_example", base_addresses={"api": f"{url}/client"})
for create in (lambda: stripe.Customer.create(), lambda: client.v1.customers.create({})):
    try:
        create()
    except stripe.APIError:
        pass
print(f"stripe.Customer: {asked['global']} requests; StripeClient: {asked['client']} request")
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "stripe.Customer: 3 requests; StripeClient: 1 request" ]
