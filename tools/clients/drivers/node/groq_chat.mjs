// Groq's SDK: plain, the chunks of a stream put together, tools.
import Groq from "groq-sdk";
import { EDGE, KEY, NO_MODEL, TOOLS, serve } from "./steps.mjs";

const client = new Groq({ baseURL: EDGE, apiKey: KEY, maxRetries: 0 });
const asked = (text, more = {}) => ({
  model: "llama-3.1-8b-instant", messages: [{ role: "user", content: text }], ...more,
});

async function stream(text) {
  const made = { text: "", ends: [] };
  for await (const chunk of await client.chat.completions.create(asked(text, { stream: true }))) {
    Object.assign(made, { id: chunk.id, created: chunk.created, model: chunk.model });
    for (const choice of chunk.choices) {
      made.text += choice.delta.content ?? "";
      if (choice.finish_reason) made.ends.push(choice.finish_reason);
    }
  }
  return made;
}

await serve({
  plain: (text) => client.chat.completions.create(asked(text)),
  stream,
  tools: (text) => client.chat.completions.create(asked(text, { tools: TOOLS })),
  error: (text) => client.chat.completions.create(asked(text, { model: NO_MODEL })),
});
