#!/usr/bin/env bash
# Package: npm @anthropic-ai/claude-code 2.1.332
# Behaviour: a request that is refused with 400 invalid_request_error is sent again at once, six times in all, whatever the
#   message says. Each time something is left out: thinking's display, the tools that wait for a tool search, betas.
#   Only the last refusal is shown.
# Seen: 6 requests; deferred tools: 1,2,3; thinking.display: 1,2,4,5
# Wrong guess: 400 is final (the request is wrong, and will be), and one refused request is one line in a log.
# Hurts: gateways and local servers: a limit that refuses is hit six times, counted six times and blamed on the sixth
#   request, which is not the one that was meant; a server that takes the fourth has no tool search, and nobody is told.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @anthropic-ai/claude-code@2.1.332
cat >check.mjs <<'JS'
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import http from "node:http";

const asked = [];
const server = http.createServer((request, answer) => {
  let body = "";
  request.on("data", (part) => (body += part));
  request.on("end", () => {
    if (request.url.startsWith("/v1/messages")) asked.push(JSON.parse(body));
    answer.writeHead(400, { "content-type": "application/json" });
    answer.end(JSON.stringify({ type: "error", error: { type: "invalid_request_error", message: "a limit of ours" } }));
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
mkdirSync("home");
const env = {
  PATH: process.env.PATH,
  HOME: `${process.cwd()}/home`,
  ANTHROPIC_BASE_URL: `http://127.0.0.1:${server.address().port}`,
  ANTHROPIC_AUTH_TOKEN: "k",
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  DISABLE_AUTOUPDATER: "1",
};
await new Promise((resolve) => {
  const child = spawn("node_modules/.bin/claude", ["-p", "hello"], { env, stdio: ["ignore", "ignore", "ignore"], timeout: 100_000 });
  child.on("close", resolve);
});
const numbers = (test) => asked.flatMap((request, index) => (test(request) ? [index + 1] : [])).join(",");
const deferred = numbers((request) => request.tools?.some((tool) => tool.defer_loading));
const display = numbers((request) => request.thinking?.display);
console.log(`${asked.length} requests; deferred tools: ${deferred}; thinking.display: ${display}`);
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = "6 requests; deferred tools: 1,2,3; thinking.display: 1,2,4,5" ] || { echo "no longer so" >&2; exit 1; }
