#!/usr/bin/env bash
# Package: npm @portkey-ai/gateway 1.15.2 with hono 4.13.19, on Node.js 20
# Behaviour: installed from npm with the hono that its range allows, the gateway answers every streaming request with its own 500
#   ("TypeError: immutable" in its log), though the provider answered 200. The same request without stream works.
# Seen: plain: 200; stream: 500 {"status":"failure","message":"Something went wrong"}; provider was asked 2 times
# Wrong guess: a gateway that passes a plain request passes a stream too.
# Hurts: whoever starts it with npx to compare or to migrate: a smoke test with a plain request says all is well, and each failed
#   stream is paid for, since the provider has answered it.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund @portkey-ai/gateway@1.15.2 hono@4.13.19
cat >check.mjs <<'JS'
import { spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";

const choice = { index: 0, finish_reason: "stop" };
const chat = { id: "c", object: "chat.completion", created: 1, model: "m", choices: [{ ...choice, message: { role: "assistant", content: "Paris" } }] };
const chunk = { ...chat, object: "chat.completion.chunk", choices: [{ ...choice, delta: { role: "assistant", content: "Paris" } }] };
let asked = 0;
const provider = http.createServer((request, response) => {
  let body = "";
  request.on("data", (part) => (body += part)).on("end", () => {
    asked += 1;
    const stream = JSON.parse(body).stream;
    response.writeHead(200, { "content-type": stream ? "text/event-stream" : "application/json" });
    response.end(stream ? `data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n` : JSON.stringify(chat));
  });
});
const listen = (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
const providerPort = await listen(provider);
const reserved = net.createServer();
const port = await listen(reserved);
await new Promise((resolve) => reserved.close(resolve));
const gateway = spawn("node", ["node_modules/@portkey-ai/gateway/build/start-server.js", "--headless", `--port=${port}`], { stdio: "ignore" });

async function ask(stream) {
  const headers = { "content-type": "application/json", authorization: "Bearer k", "x-portkey-provider": "openai", "x-portkey-custom-host": `http://127.0.0.1:${providerPort}/v1` };
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Capital of France?" }], stream });
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", headers, body });
      const text = await response.text();
      return response.ok ? String(response.status) : `${response.status} ${text}`;
    } catch (error) {
      if (attempt === 100) throw error; // it is still starting
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

try {
  console.log(`plain: ${await ask(false)}; stream: ${await ask(true)}; provider was asked ${asked} times`);
} finally {
  gateway.kill();
}
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = 'plain: 200; stream: 500 {"status":"failure","message":"Something went wrong"}; provider was asked 2 times' ]
