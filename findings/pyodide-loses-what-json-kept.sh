#!/usr/bin/env bash
# Package: npm pyodide 314.0.7 (in Node.js, as in Cloudflare's Python Workers)
# Behaviour: JSON that crosses between Python and JavaScript changes. JSON.parse(…).to_py() turns null into jsnull, which is
#   not None, and 1.0 into the integer 1. to_js() turns None into undefined, so JSON.stringify drops the field.
# Seen: null is None: False; 1.0 becomes: 1; {"stop": None} is sent as: {}
# Wrong guess: to_py() and to_js() carry JSON values both ways, so the fast JSON.parse can stand in for json.loads.
# Hurts: a Worker in Python: "if value is None" is false for a null of a request, cache keys differ from those of CPython,
#   and a field that was null on purpose is missing upstream.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund pyodide@314.0.7
cat >check.mjs <<'JS'
import { loadPyodide } from "pyodide";
const pyodide = await loadPyodide();
console.log(pyodide.runPython(`
import js
from pyodide.ffi import to_js
body = js.JSON.parse('{"stop": null, "temperature": 1.0}').to_py()
sent = js.JSON.stringify(to_js({"stop": None}))
f"null is None: {body['stop'] is None}; 1.0 becomes: {body['temperature']!r}; " + '{"stop": None} is sent as: ' + sent
`));
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = 'null is None: False; 1.0 becomes: 1; {"stop": None} is sent as: {}' ]
