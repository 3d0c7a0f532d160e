"""The soak's provider: it repeats what it is asked, and counts what a tenant has open at once."""

import json
import re
from collections import Counter

from aiohttp import web

from tests.doubles.openai_api import Behaviour, OpenAIDouble

SLOW_MODEL = "gpt-4.1"
"""Answers after a second."""
NONCE = re.compile(r"<([a-z]+)-[\w-]+>")
"""In every prompt: the tenant and what makes the prompt its own."""


class SoakProvider(OpenAIDouble):
    """``most_open``: of each tenant, the most requests that were being answered at one time."""

    def __init__(self) -> None:
        super().__init__()
        self.open: Counter[str] = Counter()
        self.most_open: Counter[str] = Counter()
        self.behave(SLOW_MODEL, Behaviour("delay", seconds=1.0))

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Count, and answer as the double does."""
        found = NONCE.search(json.dumps(json.loads(body or b"{}"), ensure_ascii=False))
        tenant = found[1] if found else ""
        self.open[tenant] += 1
        self.most_open[tenant] = max(self.most_open[tenant], self.open[tenant])
        try:
            return await super().respond(request, body)
        finally:
            self.open[tenant] -= 1
