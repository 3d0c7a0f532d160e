"""An OpenAI-compatible provider without a model behind it.

The demo provider of `make run` and the double of the tests are the same service: only what it says,
how fast it says it and how it fails differ. Source of the protocol: https://platform.openai.com/docs/api-reference

- `errors`: OpenAI's error envelope and the errors a request can meet before any model sees it
- `requests`: validation
- `completions`, `responses`: the endpoints beside chat completions
- `answers`: what is said to a request (text, tool calls, JSON for a schema, a refusal)
- `render`: answers as a completion or as stream chunks; embeddings; the model list
- `service`: the HTTP side, on aiohttp
"""
