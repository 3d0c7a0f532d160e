// Anthropic's SDK: plain, its stream helper, tools.
import Anthropic from "@anthropic-ai/sdk";
import { EDGE, FUNCTION, KEY, SCHEMA, serve } from "./steps.mjs";

const client = new Anthropic({ baseURL: EDGE, apiKey: KEY, maxRetries: 0 });
const tools = [{ name: FUNCTION.name, description: FUNCTION.description, input_schema: SCHEMA }];
const asked = (text, more = {}) => ({
  model: "claude-sonnet-5-5", max_tokens: 200, messages: [{ role: "user", content: text }], ...more,
});

await serve({
  plain: (text) => client.messages.create(asked(text)),
  stream: (text) => client.messages.stream(asked(text)).finalMessage(),
  tools: (text) => client.messages.create(asked(text, { tools })),
  error: (text) => client.messages.create(asked(text, { model: "claude-no-such" })),
});
