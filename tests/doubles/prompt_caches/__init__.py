"""The prompt caches that Anthropic and OpenAI sell, on a clock of the test's own.

    cache = AnthropicPromptCache(minimum=1024)
    used = cache.serve(Prompt(now, kinds, cumulative, prefixes), {3: 300})
    used.read, used.written, used.written_hour, used.plain     # tokens
    anthropic_prompt(body, now)        # a request body as (Prompt, markers), or `RefusedError`

Where the providers' documents are silent the doubles are strict: they do what costs more. Only the
entry that was hit and live entries at markers are refreshed; a marker of an hour does not lengthen
a live entry of five minutes; an entry made inside a hit does not outlive that hit.

Rules, with the day on which the source was read:

- Anthropic, "Prompt caching" (platform.claude.com, 2026-10): order tools, system, messages; four
  markers, one entry each; a marker looks back 20 positions, itself the first, then the next marker
  does; a run of `tool_use` or `tool_result` is one position; an hour before five minutes; writes
  1.25 and 2 times the input price; a life counts from the start of the request and each read
  renews it; readable once the first answer begins; shorter prefixes are silently not cached;
  thinking and empty texts cannot be marked.
- OpenAI, "Prompt caching" (developers.openai.com, 2026-09) and openai 3.54.0: from GPT-5.6 on
  entries match at markers only; 1,024 tokens; four writes a request; 30 minutes, renewed by reads;
  writes 1.25 times the input price; the latest 50 (guide) or 80 (reference) markers are looked for:
  50 here; markers on an assistant's message are refused with 400.
"""

from tests.doubles.prompt_caches.anthropic import AnthropicPromptCache, anthropic_prompt
from tests.doubles.prompt_caches.openai import OpenAIPromptCache, openai_prompt
from tests.doubles.prompt_caches.prompt import Prompt, RefusedError, Used

__all__ = [
    "AnthropicPromptCache",
    "OpenAIPromptCache",
    "Prompt",
    "RefusedError",
    "Used",
    "anthropic_prompt",
    "openai_prompt",
]
