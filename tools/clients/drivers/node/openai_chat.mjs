// OpenAI's SDK, chat completions: plain, its stream helper, tools.
import OpenAI from "openai";
import { EDGE, KEY, MODEL, NO_MODEL, TOOLS, serve } from "./steps.mjs";

const client = new OpenAI({ baseURL: `${EDGE}/v1`, apiKey: KEY, maxRetries: 0 });
const asked = (text, more = {}) => ({ model: MODEL, messages: [{ role: "user", content: text }], ...more });

await serve({
  plain: (text) => client.chat.completions.create(asked(text)),
  stream: (text) => client.chat.completions.stream(asked(text, { stream_options: { include_usage: true } })).finalChatCompletion(),
  tools: (text) => client.chat.completions.create(asked(text, { tools: TOOLS })),
  error: (text) => client.chat.completions.create(asked(text, { model: NO_MODEL })),
});
