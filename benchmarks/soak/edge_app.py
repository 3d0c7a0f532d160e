"""The edge's ASGI application, and beside it `/soak/tasks`: how many asyncio tasks it has.

Only the soak test serves it; `SOAK_APP` names the application as granian takes it.
"""

import asyncio
import importlib
import os
from typing import Any

_module, _, _name = os.environ["SOAK_APP"].partition(":")
_edge = getattr(importlib.import_module(_module), _name)


async def app(scope: Any, receive: Any, send: Any) -> None:
    """ASGI 3."""
    if scope["type"] == "http" and scope["path"] == "/soak/tasks":
        body = str(len(asyncio.all_tasks())).encode()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})
        return
    await _edge(scope, receive, send)
