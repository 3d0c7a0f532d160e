#!/usr/bin/env bash
# Package: npm @openai/codex 0.171.0
# Behaviour: with openai_base_url set, Codex first asks for a WebSocket at /v1/responses. A server that has none and answers 404,
#   as for any unknown route, is asked seven times with growing pauses (some 7 seconds, in each session) before Codex
#   posts. An answer of 426 Upgrade Required makes it post at once.
# Seen: 404: 7 upgrades, then POST; 426: 1 upgrade, then POST
# Wrong guess: a 404 is final, and a client falls back at once from what a server does not have.
# Hurts: gateways: Codex seems slow behind them, and nothing in its output or in the log of POSTs says why.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @openai/codex@0.171.0
cat >check.mjs <<'JS'
import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import http from "node:http";

const message = { type: "message", id: "m", role: "assistant", status: "completed", content: [{ type: "output_text", text: "done", annotations: [] }] };
const response = { id: "r", object: "response", created_at: 1, model: "m", usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 } };
const events = [
  { type: "response.created", response: { ...response, status: "in_progress", output: [] } },
  { type: "response.output_item.done", output_index: 0, item: message },
  { type: "response.completed", response: { ...response, status: "completed", output: [message] } },
];

async function outcome(status) {
  let upgrades = 0;
  let posted = false;
  const server = http.createServer((request, answer) => {
    request.resume();
    if (request.method !== "POST") return answer.writeHead(404).end();
    posted = true;
    answer.writeHead(200, { "content-type": "text/event-stream" });
    answer.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""));
  });
  server.on("upgrade", (request, socket) => {
    if (!posted) upgrades += 1;
    socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const home = `home${status}`;
  mkdirSync(home);
  const env = { ...process.env, CODEX_HOME: `${process.cwd()}/${home}`, OPENAI_API_KEY: "k" };
  const codex = (input, ...args) => new Promise((resolve) => {
    const child = spawn("node_modules/.bin/codex", args, { env, stdio: ["pipe", "ignore", "ignore"], timeout: 50_000 });
    child.on("close", resolve);
    child.stdin.end(input);
  });
  await codex("k\n", "login", "--with-api-key");
  await codex("", "exec", "--skip-git-repo-check", "-c", `openai_base_url="http://127.0.0.1:${server.address().port}/v1"`, "-m", "gpt-5", "hello");
  return `${status}: ${upgrades} upgrade${upgrades > 1 ? "s" : ""}, then ${posted ? "POST" : "nothing"}`;
}

console.log(`${await outcome(404)}; ${await outcome(426)}`);
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = "404: 7 upgrades, then POST; 426: 1 upgrade, then POST" ]
