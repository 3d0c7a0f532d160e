"""Replays requests against a provider's prompt cache under one policy. Costs are input tokens at
the input price; what is said costs the same under every policy."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.prompt_cache.lua_redis import LuaRedis
from gateway.prompt_cache.write_back import arguments
from gateway.providers.prompt_cache_rules import ANTHROPIC, OPENAI
from shared import prompt_cache
from shared.prompt_cache.boundaries import boundaries
from tests.doubles.prompt_caches import AnthropicPromptCache, OpenAIPromptCache, Prompt, Used

ANSWER_SECONDS = 2.0
"""From a request to the end of its answer, when the edge writes back what it saw."""
READ, WRITE, WRITE_HOUR = 0.1, 1.25, 2.0
MINIMUM = 1024
PROVIDERS = ("anthropic", "openai")
FIXED = {
    "anthropic": ("none", "auto", "pair", "auto 1h", "pair 1h", "quad", "quad 1h"),
    "openai": ("none", "auto", "pair"),
}
TERMS = {
    "anthropic": prompt_cache.Terms(
        write={300: WRITE, 3600: WRITE_HOUR},
        read=READ,
        minimum=MINIMUM,
        markers=ANTHROPIC.markers,
        marked=ANTHROPIC.marked,
        exact=False,
    ),
    "openai": prompt_cache.Terms(
        write={1800: WRITE},
        read=READ,
        minimum=MINIMUM,
        markers=OPENAI.markers,
        marked=OPENAI.marked,
        exact=True,
    ),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """`paid` and `input` in tokens; `input` is what it costs without any caching."""

    paid: float
    input: int

    @property
    def relative(self) -> float:
        """To no caching."""
        return self.paid / self.input


def cost(used: Used) -> float:
    """Of one request."""
    short = used.written - used.written_hour
    return READ * used.read + WRITE * short + WRITE_HOUR * used.written_hour + used.plain


def replay(requests: Sequence[Prompt], provider: str, policy: str) -> Cost:
    """`policy`: one of `FIXED`, or `ours`."""
    ours = _Ours(provider) if policy == "ours" else None
    anthropic, openai = AnthropicPromptCache(MINIMUM), OpenAIPromptCache(MINIMUM)
    paid = 0.0
    for request in requests:
        if ours is not None:
            markers, implicit = ours.markers(request), False
        else:
            markers, implicit = fixed(policy, request, provider)
        if provider == "openai":
            used = openai.serve(request, markers, implicit=implicit)
        else:
            used = anthropic.serve(request, markers)
        if ours is not None:
            ours.answered(used)
        paid += cost(used)
    return Cost(paid, sum(request.cumulative[-1] for request in requests))


def fixed(policy: str, request: Prompt, provider: str) -> tuple[dict[int, int], bool]:
    """What others do: markers, and whether the provider adds its own.

    `auto`: the provider's automatic mode; `pair`: LiteLLM's, the end of the system prompt and the
    last block; `quad`: VS Code's four.
    """
    if policy == "none":
        return {}, False
    openai, kinds = provider == "openai", request.kinds
    last = len(kinds) - 1
    lifetime = 1800 if openai else 3600 if policy.endswith("1h") else 300
    ends = {
        kind: max((at for at, k in enumerate(kinds) if k == kind), default=-1) for kind in kinds
    }
    # OpenAI marks the last message by itself.
    markers = {} if openai else {last: lifetime}
    if not policy.startswith("auto") and "system" in ends:
        markers[ends["system"]] = lifetime
    if policy.startswith("quad"):
        if "tools" in ends:
            markers[ends["tools"]] = lifetime
        turns = [
            at
            for at in range(last)
            if kinds[at] in ("user", "tool_result") and kinds[at + 1] != kinds[at]
        ]
        if turns and len(markers) < 4:
            markers[turns[-1]] = lifetime
    return markers, openai


class _Ours:
    """The edge's planner, over the edge's own script."""

    def __init__(self, provider: str) -> None:
        self._terms = TERMS[provider]
        self._redis = LuaRedis()
        self._waiting: deque[tuple[float, list[object]]] = deque()
        self._asked: tuple[Prompt, prompt_cache.Prompt, prompt_cache.Plan] | None = None

    def markers(self, request: Prompt) -> dict[int, int]:
        """Where the planner puts them."""
        while self._waiting and self._waiting[0][0] <= request.seconds:
            self._redis.touch(self._waiting.popleft()[1])
        prompt = prompt_cache.Prompt(
            list(request.kinds),
            {at: tokens * 4 for at, tokens in enumerate(request.cumulative)},
            dict(enumerate(map(str, request.prefixes))),
        )
        found = boundaries(prompt.kinds)
        state = prompt_cache.parse(found, self._redis.read(prompt_cache.fields(prompt, found)))
        plan = prompt_cache.plan(prompt, found, state, self._terms, round(request.seconds * 1000))
        self._asked = request, prompt, plan
        return plan.markers

    def answered(self, used: Used) -> None:
        """The usage of the answer, which comes some seconds later."""
        assert self._asked is not None
        request, prompt, plan = self._asked
        written = {min(self._terms.write): used.written - used.written_hour}
        if used.written_hour:
            written[max(self._terms.write)] = used.written_hour
        made = arguments(
            prompt,
            plan,
            self._terms,
            started_ms=round(request.seconds * 1000),
            tokens=request.cumulative[-1],
            read=used.read,
            written=written,
        )
        single = list(made.values())[:-1]
        sent = [int(each) if isinstance(each, bool) else each for each in single]
        sent += [part for touch in made["touches"] for part in touch]
        self._waiting.append((request.seconds + ANSWER_SECONDS, sent))
