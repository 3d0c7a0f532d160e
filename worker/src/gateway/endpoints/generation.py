"""What the generation endpoints have in common: parse, key, serve."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from gateway import errors, limits
from gateway.cache import policy as policies
from gateway.cache.policy import Policy
from gateway.call import Call
from gateway.endpoints import fields
from gateway.exchange import Exchange
from gateway.formats.base import Format, Json
from gateway.http import Response
from gateway.pipeline import serve
from gateway.providers.registry import Target, resolve
from shared import hashing
from shared.key_record import Project


@dataclass(frozen=True, slots=True)
class Generation:
    """An endpoint as data.

    ``identity(body, openai_defaults)``: the request reduced to what can change its answer.
    ``check(body)``: raises ``InvalidRequest`` for what the gateway needs and does not find.
    ``uncached(body)``: why this request must not be cached, if so.
    ``completion_limit``: the fields that bound the completion's tokens.
    """

    endpoint: str
    format: Format
    identity: Callable[[Json, bool], Json]
    check: Callable[[Json], None]
    uncached: Callable[[Json], str | None]
    completion_limit: tuple[str, ...]

    async def handle(self, x: Exchange) -> Response:
        """Serve one request, streamed or whole."""
        record = await x.authenticate()
        body = await x.json()
        model = fields.model(body)
        self.check(body)
        stream = fields.stream(body)
        policy = self._policy(x, body, record.project)
        target = resolve(model, record.project)
        sent = body if target.model == model else {**body, "model": target.model}
        key = self.exact_key(sent, target, policy.namespace, fields.answer_headers(x))
        allowed = next((body[name] for name in self.completion_limit if name in body), None)
        estimate = limits.estimate_tokens(record, x.characters, allowed)
        call = Call(self.endpoint, target, sent, stream, self.format, policy, key, estimate)
        return await serve(x, call)

    def exact_key(self, body: Json, target: Target, namespace: str, headers: dict[str, str]) -> str:
        """The request's exact key, hex. Raises ``InvalidRequest`` for what JSON cannot say."""
        identity = self.identity(body, target.provider.capabilities.openai_defaults)
        try:
            return hashing.digest(self.endpoint, target.provider.name, namespace, headers, identity)
        except ValueError as error:
            raise errors.InvalidJson(
                f"The request holds a value JSON cannot say: {error}"
            ) from error

    def _policy(self, x: Exchange, body: Json, project: Project) -> Policy:
        policy = policies.from_request(x.request, project)
        if policy.why_bypass:
            return policy
        why = self.uncached(body)
        ceiling = project.max_temperature
        if ceiling is not None and temperature(body) > ceiling:
            why = "temperature over the project's ceiling"
        return replace(policy, read=False, write=False, why_bypass=why) if why else policy


def temperature(body: Json) -> float:
    """The sampling temperature; 1 is the default of every dialect."""
    value: Any = body.get("temperature")
    return float(value) if isinstance(value, int | float) else 1.0
