"""An Upstash-compatible Redis REST server for development, tests and self-hosting.

The protocol is https://upstash.com/docs/redis/features/restapi. One file per concept:

- `api`: the REST semantics, free of any HTTP server: a request in, a status and a body out.
- `commands`: which commands the REST API refuses, and in which words.
- `store`: the small interface behind it, with its two implementations
  `embedded` (fakeredis, kept on disk by `snapshot`) and `redis_server` (a real Redis).
- `server`: the ASGI application; `python -m local_stack.redis_rest --help` serves it with granian.
"""
