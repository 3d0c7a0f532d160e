"""A provider that speaks Anthropic's Messages API, without a model behind it.

The demo provider of `make run` and the double of the tests are the same service: only what it says,
how fast it says it and how it fails differ. Source of the protocol: https://platform.claude.com/docs/en/api

- `requests`: validation, and the error envelope
- `answers`: what is said to a request, whole or as events
- `service`: the HTTP side, on aiohttp
"""
