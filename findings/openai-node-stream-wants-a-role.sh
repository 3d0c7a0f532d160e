#!/usr/bin/env bash
# Package: npm openai 7.59.0
# Behaviour: chat.completions.stream() fails at the end of a complete answer when no delta had a role, a field that the
#   protocol leaves optional. create({stream: true}) and the Python SDK's helper read the same bytes.
# Seen: create: Paris; stream(): missing role for choice 0
# Wrong guess: an optional field may be left out; whoever answers is the assistant anyway.
# Hurts: a gateway that replays a stored answer as chunks, or translates another dialect, and starts with the text.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund openai@7.59.0
cat >check.mjs <<'JS'
import http from "node:http";
import OpenAI from "openai";
const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta: { content: "Paris" }, finish_reason: "stop" }] };
const server = http.createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(`data: ${JSON.stringify(chunk)}\n\ndata: [DONE]\n\n`);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = new OpenAI({ baseURL: `http://127.0.0.1:${server.address().port}`, apiKey: "k" });
const body = { model: "m", messages: [{ role: "user", content: "Capital of France?" }] };
let text = "";
for await (const part of await client.chat.completions.create({ ...body, stream: true })) text += part.choices[0].delta.content;
const helper = await client.chat.completions.stream(body).finalChatCompletion().then(() => "no error", (error) => error.message);
console.log(`create: ${text}; stream(): ${helper}`);
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = "create: Paris; stream(): missing role for choice 0" ]
