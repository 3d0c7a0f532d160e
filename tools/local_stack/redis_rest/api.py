"""The REST semantics of Upstash Redis: one request in, a status and a JSON body out.

Source: https://upstash.com/docs/redis/features/restapi and the error texts that the service's
clients report. Not served: RESP2-formatted answers, MONITOR and SUBSCRIBE as server-sent events,
read-only tokens and ACL tokens. All of them are refused with an error that says so.
"""

import hmac
import itertools
import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote_to_bytes

from local_stack.redis_rest.commands import MAX_REQUEST_BYTES, check_allowed, unavailable
from local_stack.redis_rest.store import (
    Command,
    CommandError,
    Outcome,
    Store,
    StoreUnavailableError,
)

_METHODS = frozenset(("HEAD", "GET", "POST", "PUT"))


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
# Numbers stay the text they are: 1.10 and a 20-digit integer reach Redis unchanged.
_from_json = json.JSONDecoder(
    parse_int=str, parse_float=str, parse_constant=_refuse_constant
).decode


@dataclass(frozen=True, slots=True)
class Request:
    """What the API needs of an HTTP request. `path` is as sent: still percent-encoded."""

    method: str
    path: str
    query: str
    authorization: str
    encoding: str
    response_format: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP answer; its body is JSON. `sync_token` is the `Upstash-Sync-Token` header."""

    status: int
    body: bytes
    sync_token: str


class _RefusedError(Exception):
    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class RestApi:
    """Answers requests from a `Store`. Holds no state of its own but the sync-token counter."""

    def __init__(self, store: Store, token: str) -> None:
        if not token:
            raise ValueError("the REST token must not be empty")
        self._store = store
        self._token = token.encode()
        self._counter = itertools.count(1)

    async def handle(self, request: Request) -> Answer:
        """Answer one request. Never raises for anything a client can send."""
        try:
            self._check_request(request)
            encode = _encode_base64 if request.encoding == "base64" else _encode_text
            status, payload = await self._respond(request, encode)
        except _RefusedError as refused:
            status, payload = refused.status, {"error": str(refused)}
        except CommandError as error:
            status, payload = 400, {"error": str(error)}
        except StoreUnavailableError as error:
            status, payload = 503, {"error": f"ERR the Redis behind this server is gone: {error}"}
        body = _to_json(payload).encode()
        return Answer(status, body, f"local-{next(self._counter)}")

    def _check_request(self, request: Request) -> None:
        scheme, _, given = request.authorization.partition(" ")
        if scheme.lower() != "bearer":
            given = dict(parse_qsl(request.query)).get("_token", "")
        if not hmac.compare_digest(given.strip().encode("utf-8", "replace"), self._token):
            raise _RefusedError(401, "WRONGPASS invalid or missing auth token")
        if request.method not in _METHODS:
            raise _RefusedError(405, f"ERR method {request.method} is not allowed")
        if request.encoding not in ("", "base64"):
            raise _RefusedError(400, f"ERR unsupported Upstash-Encoding: {request.encoding!r}")
        if request.response_format not in ("", "json"):
            raise _RefusedError(400, "ERR only the json Upstash-Response-Format is served here")
        if len(request.body) > MAX_REQUEST_BYTES:
            raise _RefusedError(
                413,
                f"ERR max request size exceeded. Limit: {MAX_REQUEST_BYTES} bytes, "
                f"Actual: {len(request.body)} bytes",
            )

    async def _respond(
        self, request: Request, encode: Callable[[bytes], str]
    ) -> tuple[int, dict[str, Any] | list[dict[str, Any]]]:
        path = request.path.rstrip("/")
        if path == "/pipeline":
            commands = _parse_batch(request.body, "pipeline")
            replies = await self._pipeline(commands)
            return 200, [_item(reply, encode) for reply in replies]
        if path == "/multi-exec":
            commands = _parse_batch(request.body, "transaction")
            replies = await self._transaction(commands)
            return 200, [_item(reply, encode) for reply in replies]
        command = _parse_command(request.body) if not path else _parse_path(path, request)
        check_allowed(command)
        try:
            reply = await self._store.execute(command)
        except CommandError as error:
            raise _in_upstash_words(error, command) from None
        return 200, {"result": _shape(reply, encode)}

    async def _pipeline(self, commands: Sequence[Command]) -> list[Outcome]:
        """Refused commands are items of the answer; the others run in their order."""
        refused: dict[int, CommandError] = {}
        for index, command in enumerate(commands):
            try:
                check_allowed(command)
            except CommandError as error:
                refused[index] = error
        allowed = [command for index, command in enumerate(commands) if index not in refused]
        replies = iter(await self._store.pipeline(allowed) if allowed else ())
        return [
            refused[index] if index in refused else _checked(next(replies), command)
            for index, command in enumerate(commands)
        ]

    async def _transaction(self, commands: Sequence[Command]) -> list[Outcome]:
        """One refused command discards all of them, as MULTI does."""
        for command in commands:
            try:
                check_allowed(command)
            except CommandError as error:
                raise CommandError(f"EXECABORT Transaction discarded because of: {error}") from None
        return await self._store.transaction(commands)


def _checked(reply: Outcome, command: Command) -> Outcome:
    return _in_upstash_words(reply, command) if isinstance(reply, CommandError) else reply


def _in_upstash_words(error: CommandError, command: Command) -> CommandError:
    return unavailable(command[0]) if str(error).startswith("ERR unknown command") else error


# --- parsing -------------------------------------------------------------------------------------


def _load(body: bytes, what: str) -> Any:
    try:
        return _from_json(body.decode())
    except (ValueError, RecursionError):
        raise _RefusedError(400, f"ERR failed to parse {what}") from None


def _arguments(items: Any, what: str) -> Command:
    if not isinstance(items, list):
        raise _RefusedError(400, f"ERR failed to parse {what}")
    try:
        return [_argument(item) for item in items]
    except (TypeError, UnicodeEncodeError):
        raise _RefusedError(400, f"ERR failed to parse {what}") from None


def _argument(item: Any) -> bytes:
    if isinstance(item, str):
        return item.encode()
    if isinstance(item, bool):
        return b"true" if item else b"false"
    raise TypeError(type(item).__name__)


def _parse_command(body: bytes) -> Command:
    command = _arguments(_load(body, "command"), "command")
    if not command or not command[0]:
        raise _RefusedError(400, "ERR empty command")
    return command


def _parse_batch(body: bytes, what: str) -> list[Command]:
    rows = _load(body, f"{what} request")
    if not isinstance(rows, list):
        raise _RefusedError(400, f"ERR failed to parse {what} request")
    if not rows:
        raise _RefusedError(400, f"ERR empty {what} request")
    commands = [_arguments(row, f"{what} request") for row in rows]
    if not all(command and command[0] for command in commands):
        raise _RefusedError(400, f"ERR empty {what} command")
    return commands


def _parse_path(path: str, request: Request) -> Command:
    """`/set/key?EX=60` with a body: path segments, then the body, then the query's words."""
    command = [unquote_to_bytes(segment) for segment in path.lstrip("/").split("/")]
    if request.body:
        command.append(request.body)
    for name, value in parse_qsl(request.query, keep_blank_values=True):
        if name != "_token":
            command.append(name.encode())
            if value:
                command.append(value.encode())
    if not command[0]:
        raise _RefusedError(400, "ERR empty command")
    return command


# --- answers -------------------------------------------------------------------------------------


def _item(reply: Outcome, encode: Callable[[bytes], str]) -> dict[str, Any]:
    if isinstance(reply, CommandError):
        return {"error": str(reply)}
    return {"result": _shape(reply, encode)}


def _shape(reply: Outcome, encode: Callable[[bytes], str]) -> Any:
    if isinstance(reply, bytes):
        return encode(reply)
    if isinstance(reply, list):
        return [_shape(item, encode) for item in reply]
    if isinstance(reply, CommandError):
        return encode(str(reply).encode())
    return reply


def _encode_text(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _encode_base64(value: bytes) -> str:
    # Clients take a bare OK as it is; the service leaves that one word unencoded.
    return "OK" if value == b"OK" else b64encode(value).decode()
