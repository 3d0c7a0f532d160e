"""Upstash Redis over REST: the product's own local server behind the doubles' counters and faults.

    with UpstashDouble() as upstash:
        Redis(url=upstash.url, token=upstash.token)
        upstash.requests            # one item per round trip
        upstash.commands()          # every command of every round trip, upper-cased names first
        upstash.refuse_with("OOM …")    # Redis itself refuses every command, until `heal`

`UpstashDouble(redis_url=…)` puts a real Redis behind it instead of the embedded store.
"""

from typing import Any

from aiohttp import web

from local_stack.redis_rest.api import Request, RestApi
from local_stack.redis_rest.embedded import EmbeddedStore
from local_stack.redis_rest.redis_server import RedisServerStore
from local_stack.redis_rest.store import Store
from tests.doubles.server import Double

TOKEN = "upstash-test-token"


class UpstashDouble(Double):
    """Starts empty with the embedded store; a real Redis is taken as it is."""

    token = TOKEN

    def __init__(self, redis_url: str | None = None) -> None:
        super().__init__()
        self._redis_url = redis_url
        self._store: Store | None = None
        self._api: RestApi | None = None
        self._refusal: str | None = None

    def refuse_with(self, message: str) -> None:
        """Answer every command with this error, as Upstash does at a limit of the database."""
        self._refusal = message

    def heal(self) -> None:
        """Answer as usual again."""
        self._refusal = None
        super().heal()

    def commands(self) -> list[list[Any]]:
        """The commands of all recorded round trips, pipelines flattened, as they were sent."""
        found: list[list[Any]] = []
        for request in self.requests:
            sent = request.json()
            found.extend(sent if request.path in ("/pipeline", "/multi-exec") else [sent])
        return [[str(command[0]).upper(), *command[1:]] for command in found]

    async def on_start(self) -> None:
        """Open the store in the server's own loop."""
        self._store = RedisServerStore(self._redis_url) if self._redis_url else EmbeddedStore()
        self._api = RestApi(self._store, self.token)

    async def on_stop(self) -> None:
        """Close the store."""
        if self._store is not None:
            await self._store.close()

    async def respond(self, request: web.Request, body: bytes) -> web.Response:
        """Answer through the REST API."""
        assert self._api is not None
        if self._refusal is not None:
            return web.json_response({"error": self._refusal}, status=400)
        answer = await self._api.handle(
            Request(
                method=request.method,
                path=request.raw_path.partition("?")[0],
                query=request.query_string,
                authorization=request.headers.get("Authorization", ""),
                encoding=request.headers.get("Upstash-Encoding", ""),
                response_format=request.headers.get("Upstash-Response-Format", ""),
                body=body,
            )
        )
        return web.Response(
            status=answer.status,
            body=answer.body,
            content_type="application/json",
            headers={"Upstash-Sync-Token": answer.sync_token},
        )
