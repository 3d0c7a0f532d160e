#!/usr/bin/env bash
# Package: npm @anthropic-ai/claude-code 2.1.332
# Behaviour: when a stream breaks off after some text, Claude Code asks the same question again, and then once more without a
#   stream and with half the max_tokens. The user sees only the last answer.
# Seen: stream=true max_tokens=128000, stream=true max_tokens=128000, stream=false max_tokens=64000; shown: done
# Wrong guess: a broken stream is one request, shown as an error; or the repetition is the same request.
# Hurts: gateways: one question is paid for three times, the third does not share a cache key that counts max_tokens, and it is
#   a plain request for up to 64,000 tokens, during whose minutes no keep-alive comment can be sent.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @anthropic-ai/claude-code@2.1.332
mkdir home
cat >check.mjs <<'JS'
import { spawn } from "node:child_process";
import http from "node:http";

const message = { id: "m", type: "message", role: "assistant", model: "m", stop_reason: "end_turn", stop_sequence: null, content: [{ type: "text", text: "done" }], usage: { input_tokens: 1, output_tokens: 1 } };
const events = [
  { type: "message_start", message: { ...message, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "do" } },
];
const asked = [];
const server = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    if (request.method !== "POST") return response.writeHead(404).end();
    const { stream = false, max_tokens } = JSON.parse(body);
    asked.push(`stream=${stream} max_tokens=${max_tokens}`);
    response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
    response.end(stream ? events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("") : JSON.stringify(message));
  });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const home = `${process.cwd()}/home`;
const env = {
  PATH: process.env.PATH, HOME: home, CLAUDE_CONFIG_DIR: home, ANTHROPIC_API_KEY: "k",
  ANTHROPIC_BASE_URL: `http://127.0.0.1:${server.address().port}`, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
};
const child = spawn("../node_modules/.bin/claude", ["-p", "Say done"], { cwd: home, env, stdio: ["ignore", "pipe", "ignore"], timeout: 60_000 });
let shown = "";
child.stdout.on("data", (part) => (shown += part));
await new Promise((resolve) => child.on("close", resolve));
console.log(`${asked.join(", ")}; shown: ${shown.trim()}`);
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = "stream=true max_tokens=128000, stream=true max_tokens=128000, stream=false max_tokens=64000; shown: done" ]
