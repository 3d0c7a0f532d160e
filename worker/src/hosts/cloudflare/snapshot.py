"""What the entry imports for Cloudflare's snapshot: a copy of memory that is taken after its
imports, and from which isolates start. There an import costs each start a fifteenth of what it
would cost the first request that needs it. Without a snapshot (``wrangler dev``) it costs each
start all of it.

Here is all that a chat completion of any project may need and that other hosts import when it is
first needed. What only other endpoints need is not.
"""

from importlib import import_module

from gateway.redis import calls
from gateway.redis.scripts import Script

MODULES = tuple(
    import_module(name)
    for name in (
        "gateway.pipeline.labels",
        "gateway.pipeline.learning",
        "gateway.prompt_cache.request",
        "gateway.providers.anthropic.foreign_thoughts",
        "gateway.providers.anthropic.translation",
        "gateway.semantic.choice",
        "gateway.semantic.embedders",
        "hosts.content_coding",
        "shared.decision",
        "shared.decision.evidence",
        "shared.embedding",
    )
)
HASHES = tuple(script.sha1 for script in vars(calls).values() if isinstance(script, Script))
"""Of the Lua. Each script keeps its own, which the first to ask computes."""
