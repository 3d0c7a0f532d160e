"""Random applications, none of which was used for tuning."""

import random

from benchmarks.prompt_cache.traffic import Block, Traffic
from tests.doubles.prompt_caches import Prompt

_MOST_TOKENS = 150_000


def _between(draw: random.Random, low: float, high: float) -> float:
    """Log-uniform."""
    return low * (high / low) ** draw.random()


def application(seed: int, count: int | None = None) -> list[Prompt]:
    """At least 150 requests, or `count`."""
    traffic = Traffic(seed)
    draw, block = traffic.random, traffic.block
    count = count or int(_between(draw, 150, 2000))
    tools = [block("tools", _between(draw, 500, 15_000))] if draw.random() < 0.4 else []
    mode = draw.choices(("shared", "user", "unique", "none"), (55, 20, 15, 10))[0]
    size = _between(draw, 200, 12_000)
    heads = [
        [block("system", size)] for _ in range(1 if mode == "shared" else draw.randint(5, 100))
    ]
    pool, zipf, several = draw.randint(5, 2000), draw.uniform(0.7, 1.4), draw.randint(1, 4)
    texts = []
    if draw.random() < 0.45:
        texts = [block("user", _between(draw, 300, 20_000)) for _ in range(pool)]
    weights = [1 / (at + 1) ** zipf for at in range(pool)]
    every = _between(draw, 2, 3000)
    regimes = [_regime(draw) for _ in range(2 if draw.random() < 0.25 else 1)]
    seconds, made = 0.0, 0
    while made < count:
        regime = regimes[min(len(regimes) - 1, int(len(regimes) * made / count))]
        seconds += draw.expovariate(1 / every)
        system: list[Block] = []
        if mode != "none":
            system = [block("system", size)] if mode == "unique" else draw.choice(heads)
        retrieved = draw.choices(texts, weights, k=several) if texts else []
        blocks = [*tools, *system, *retrieved, block("user", _between(draw, 30, 4000))]
        made += _conversation(
            traffic, seconds, blocks, regime, len(tools) if mode == "unique" else -1
        )
    return traffic.requests()


def _regime(draw: random.Random) -> tuple[float, float, float, float]:
    """Chance to go on, median gap, its spread, share of tool calls."""
    tool_calls = draw.random() * (draw.random() < 0.4)
    return draw.uniform(0, 0.96), _between(draw, 5, 1500), draw.uniform(0.4, 1.5), tool_calls


def _conversation(
    traffic: Traffic,
    seconds: float,
    blocks: list[Block],
    regime: tuple[float, float, float, float],
    renewed: int,
) -> int:
    """`renewed`: the block that is another one with every request; -1: none."""
    draw, block = traffic.random, traffic.block
    stays, median, sigma, tool_calls = regime
    made = 0
    while True:
        traffic.ask(seconds, blocks)
        made += 1
        if renewed >= 0:
            fresh = block("system", blocks[renewed].tokens)
            blocks = [*blocks[:renewed], fresh, *blocks[renewed + 1 :]]
        if sum(each.tokens for each in blocks) > _MOST_TOKENS or draw.random() > stays:
            return made
        if draw.random() < tool_calls:
            parallel = draw.randint(1, 4)
            calls = [block("tool_use", 120)] * parallel
            results = [block("tool_result", _between(draw, 50, 6000)) for _ in range(parallel)]
            blocks = [*blocks, *calls, *results]
            seconds += traffic.spread(8, 0.8, 1, 120)
        else:
            answer = block("assistant", _between(draw, 80, 900))
            blocks = [*blocks, answer, block("user", _between(draw, 30, 900))]
            seconds += traffic.spread(median, sigma, 3, 30_000)
