#!/usr/bin/env bash
# Package: npm openai 7.57.0
# Behaviour: the helper for streams of chat completions (chat.completions.stream) adds up the pieces of content, of a
#   refusal and of tool calls. Of any other text member of a delta (reasoning_content, reasoning) each piece replaces
#   the one before, so the final completion holds the last piece alone.
# Seen: content "42", reasoning_content " think." of "Let me think."
# Wrong guess: a helper that assembles a stream adds up every text in it, as openai for Python does.
# Hurts: users of reasoning models by way of OpenAI-compatible providers: a log or a next turn with half a thought; and caches,
#   whose replay has other pieces and so seems to give another answer.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund openai@7.57.0
cat >check.mjs <<'JS'
import http from "node:http";
import OpenAI from "openai";

const chunk = (delta, finish_reason = null) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
const server = http.createServer((request, answer) => {
  request.resume();
  answer.writeHead(200, { "content-type": "text/event-stream" });
  answer.write(chunk({ role: "assistant", reasoning_content: "Let me" }));
  answer.write(chunk({ reasoning_content: " think." }));
  answer.write(chunk({ content: "4" }));
  answer.write(chunk({ content: "2" }));
  answer.end(`${chunk({}, "stop")}data: [DONE]\n\n`);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const client = new OpenAI({ apiKey: "k", baseURL: `http://127.0.0.1:${server.address().port}/v1` });
const stream = client.chat.completions.stream({ model: "m", messages: [{ role: "user", content: "hi" }] });
const { message } = (await stream.finalChatCompletion()).choices[0];
console.log(`content ${JSON.stringify(message.content)}, reasoning_content ${JSON.stringify(message.reasoning_content)} of "Let me think."`);
process.exit(0);
JS
seen=$(node check.mjs)
echo "$seen"
[ "$seen" = 'content "42", reasoning_content " think." of "Let me think."' ] || { echo "no longer so" >&2; exit 1; }
