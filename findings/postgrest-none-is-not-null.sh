#!/usr/bin/env bash
# Package: PyPI postgrest 2.34.1 (what supabase uses)
# Behaviour: .eq(column, None) sends eq.null, a comparison with null that no row satisfies (.is_ sends is.null); and
#   rpc(…, get=True) sends a None argument as an empty string, so a function's "is null" branch never runs.
# Seen: /keys?select=%2A&revoked_at=eq.null /keys?select=%2A&revoked_at=is.null /rpc/lookup?team=
# Wrong guess: None means SQL's NULL everywhere.
# Hurts: look-ups like "keys that are not revoked": they return no row and no error, and every caller is turned away.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --no-compile --disable-pip-version-check postgrest==2.34.1
cat >"$work/check.py" <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from postgrest import SyncPostgrestClient

paths = []

class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        paths.append(self.path)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *args):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = SyncPostgrestClient(f"http://127.0.0.1:{server.server_port}")
client.table("keys").select("*").eq("revoked_at", None).execute()
client.table("keys").select("*").is_("revoked_at", None).execute()
client.rpc("lookup", {"team": None}, get=True).execute()
print(*paths)
PY
seen=$(cd "$work" && venv/bin/python check.py)
echo "$seen"
[ "$seen" = "/keys?select=%2A&revoked_at=eq.null /keys?select=%2A&revoked_at=is.null /rpc/lookup?team=" ]
