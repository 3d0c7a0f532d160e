#!/usr/bin/env bash
# Package: npm pyodide 314.0.7 (in Node.js, as in Cloudflare's Python Workers)
# Behaviour: js.fetch(url, method="POST", body=b"…") sends the text that Python prints for the bytes, with its b and quotes,
#   and no error; to_js(bytes) sends the bytes. A dict is sent as its repr too.
# Seen: ["b'{\"n\": 1}'", "{\"n\": 1}", "{'n': 1}"]
# Wrong guess: bytes, the one type that every Python HTTP client takes as a body, are sent as bytes.
# Hurts: a Worker in Python that forwards request bodies: the provider answers 400 for JSON that looks right in every log.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund pyodide@314.0.7
cat >check.mjs <<'JS'
import http from "node:http";
import { loadPyodide } from "pyodide";
const received = [];
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => { received.push(body); response.end(); });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const pyodide = await loadPyodide();
pyodide.globals.set("url", `http://127.0.0.1:${server.address().port}/`);
await pyodide.runPythonAsync(`
import js
from pyodide.ffi import to_js
for body in (b'{"n": 1}', to_js(b'{"n": 1}'), {"n": 1}):
    await js.fetch(url, method="POST", body=body)
`);
console.log(JSON.stringify(received).replaceAll(",", ", "));
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = '["b'"'"'{\"n\": 1}'"'"'", "{\"n\": 1}", "{'"'"'n'"'"': 1}"]' ]
