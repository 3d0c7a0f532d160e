"""Seeded shapes of traffic: requests of one project, by time. Sizes are tokens, times seconds."""

import hashlib
import itertools
import math
import random
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.doubles.prompt_caches import Prompt

DAY, HOUR = 86_400, 3_600


class Block(NamedTuple):
    """`number` is the block's text: equal numbers are equal texts."""

    kind: str
    tokens: int
    number: int


class Traffic:
    """Makes the requests of one shape."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._seed = seed
        self._made: list[tuple[float, list[Block]]] = []

    def block(self, kind: str, tokens: float) -> Block:
        """A text that no other block has."""
        return Block(kind, int(tokens), next(self._numbers))

    def spread(self, median: float, sigma: float, low: float, high: float) -> float:
        """Log-normal, within bounds."""
        return min(high, max(low, self.random.lognormvariate(math.log(median), sigma)))

    def ask(self, seconds: float, blocks: list[Block]) -> None:
        """One request."""
        self._made.append((seconds, list(blocks)))

    def chat(
        self,
        seconds: float,
        head: list[Block],
        turns: int,
        gap: Callable[[], float],
        *,
        user: tuple[float, float] = (30, 150),
        answer: tuple[float, float] = (120, 350),
    ) -> None:
        """A conversation that begins with `head`."""
        blocks = list(head)
        for _ in range(turns):
            blocks.append(self.block("user", self.random.uniform(*user)))
            self.ask(seconds, blocks)
            blocks.append(self.block("assistant", self.random.uniform(*answer)))
            seconds += gap()

    def requests(self) -> list[Prompt]:
        """All that was asked, by time."""
        return [
            _prompt(seconds, blocks, self._seed)
            for seconds, blocks in sorted(self._made, key=lambda made: made[0])
        ]


def _prompt(seconds: float, blocks: list[Block], seed: int) -> Prompt:
    kinds, cumulative, prefixes = [], [], []
    tokens, last = 0, str(seed)
    for block in blocks:
        tokens += block.tokens
        name = f"{last}|{block.number}".encode()
        last = hashlib.blake2b(name, digest_size=12).hexdigest()
        kinds.append(block.kind)
        cumulative.append(tokens)
        prefixes.append(last)
    return Prompt(seconds, kinds, cumulative, prefixes)


def _geometric(traffic: Traffic, stay: float, most: int) -> int:
    draws: Iterator[int] = itertools.count(1)
    return next(n for n in draws if traffic.random.random() > stay or n == most)


def agent(seed: int, developers: int = 4, days: int = 2) -> list[Prompt]:
    """Coding agents: large tools, long loops of tool calls, sub-agents, trimming, compaction."""
    traffic = Traffic(seed)
    block, draw = traffic.block, traffic.random
    head = [block("tools", 11_000), block("system", 3600)]
    sub_head = [block("tools", 7000), block("system", 1400)]
    for _ in range(developers):
        memory = block("user", draw.uniform(800, 2500))
        for day, session in itertools.product(range(days), range(4)):
            start = day * DAY + 9 * HOUR + session * 2 * HOUR + draw.uniform(0, 3000)
            _session(traffic, start, [*head, block("system", 260), memory], sub_head)
    return traffic.requests()


def _session(traffic: Traffic, seconds: float, head: list[Block], sub_head: list[Block]) -> None:
    block, draw, spread = traffic.block, traffic.random, traffic.spread
    calls = 0
    blocks = [*head, block("user", spread(150, 1, 20, 3000))]
    for _ in range(draw.randint(20, 80)):
        traffic.ask(seconds, blocks)
        if draw.random() < 0.6:
            blocks.append(block("assistant", draw.uniform(40, 400)))
        calls += 1
        if calls >= 4 and draw.random() < 0.1:  # an answer, then a person thinks
            blocks.append(block("assistant", draw.uniform(150, 700)))
            blocks.append(block("user", spread(90, 1, 10, 2000)))
            seconds, calls = seconds + spread(110, 1.1, 8, 1200), 0
            continue
        parallel = draw.choices((1, 2, 3, 6, 12), (66, 18, 9, 5, 2))[0]
        blocks += [block("tool_use", draw.uniform(60, 250)) for _ in range(parallel)]
        blocks += [block("tool_result", spread(700, 1.1, 40, 9000)) for _ in range(parallel)]
        quick = draw.random() < 0.95
        seconds += spread(8, 0.7, 2, 45) if quick else draw.uniform(60, 420)
        if draw.random() < 0.05:
            _sub_agents(traffic, seconds, sub_head)
            seconds += draw.uniform(30, 120)
        if draw.random() < 0.008 and len(blocks) > 12:  # an old result is trimmed
            at = draw.randrange(6, len(blocks) - 4)
            blocks[at] = block(blocks[at].kind, min(60, blocks[at].tokens))
        if sum(each.tokens for each in blocks) > 140_000:
            blocks = [*head, block("user", draw.uniform(3000, 5000))]


def _sub_agents(traffic: Traffic, seconds: float, head: list[Block]) -> None:
    block, draw = traffic.block, traffic.random
    for number in range(draw.randint(1, 3)):
        at = seconds + number * 0.4
        blocks = [*head, block("user", draw.uniform(150, 900))]
        for _ in range(draw.randint(4, 12)):
            traffic.ask(at, blocks)
            result = block("tool_result", traffic.spread(900, 1, 40, 9000))
            blocks = [*blocks, block("tool_use", 120), result]
            at += traffic.spread(7, 0.6, 2, 40)


def support(seed: int, every: float, hours: float, system: int = 4000) -> list[Prompt]:
    """A support bot: one system prompt, short conversations."""
    traffic = Traffic(seed)
    head = [traffic.block("tools", 900), traffic.block("system", system)]
    seconds = 0.0
    while seconds < hours * HOUR:
        seconds += traffic.random.expovariate(1 / every)
        turns = _geometric(traffic, 0.55, 7)
        traffic.chat(seconds, head, turns, lambda: traffic.spread(50, 0.8, 8, 900))
    return traffic.requests()


def snippets(seed: int, every: float = 25, hours: float = 12) -> list[Prompt]:
    """Retrieval: some snippets of a large pool before each question."""
    traffic = Traffic(seed)
    draw = traffic.random
    head = [traffic.block("system", 1800)]
    pool = [traffic.block("user", draw.uniform(500, 1200)) for _ in range(3000)]
    weights = [1 / (at + 1) ** 1.1 for at in range(3000)]
    seconds = 0.0
    while seconds < hours * HOUR:
        seconds += draw.expovariate(1 / every)
        blocks, at = list(head), seconds
        for _ in range(1 if draw.random() < 0.75 else 2):
            blocks += draw.choices(pool, weights, k=4)
            blocks.append(traffic.block("user", draw.uniform(20, 80)))
            traffic.ask(at, blocks)
            blocks.append(traffic.block("assistant", draw.uniform(150, 400)))
            at += traffic.spread(60, 0.7, 10, 600)
    return traffic.requests()


def documents(seed: int, every: float = 240, hours: float = 24) -> list[Prompt]:
    """Some separate questions about one large document."""
    traffic = Traffic(seed)
    draw = traffic.random
    head = [traffic.block("system", 900)]
    pool = [traffic.block("user", traffic.spread(14_000, 0.6, 4000, 50_000)) for _ in range(120)]
    weights = [1 / (at + 1) for at in range(120)]
    seconds = 0.0
    while seconds < hours * HOUR:
        seconds += draw.expovariate(1 / every)
        document, at = draw.choices(pool, weights)[0], seconds
        for _ in range(draw.randint(1, 6)):
            traffic.ask(at, [*head, document, traffic.block("user", draw.uniform(20, 120))])
            at += traffic.spread(70, 1, 10, 1500)
    return traffic.requests()


def long_chats(seed: int, users: int = 14, days: int = 2) -> list[Prompt]:
    """Long conversations with pauses of minutes and hours."""
    traffic = Traffic(seed)
    draw = traffic.random
    head = [traffic.block("system", 1300)]

    def gap() -> float:
        kind = draw.random()
        if kind < 0.015:
            return draw.uniform(3600, 20_000)
        return draw.uniform(300, 3300) if kind < 0.09 else traffic.spread(70, 1, 8, 900)

    for _ in range(users * days):
        start = draw.uniform(0, days * DAY)
        turns = draw.randint(10, 60)
        traffic.chat(start, head, turns, gap, user=(30, 250), answer=(200, 700))
    return traffic.requests()


def one_shots(
    seed: int,
    count: int = 1500,
    every: float = 3.0,
    *,
    system: int = 0,
    burst: int = 0,
    sizes: tuple[int, int] = (2000, 8000),
) -> list[Prompt]:
    """Single questions after a template of `system` tokens; `burst`: requests of a batch."""
    traffic = Traffic(seed)
    draw = traffic.random
    head = [traffic.block("system", system)] if system else []
    seconds = 0.0
    for number in range(count):
        seconds += draw.expovariate(1 / every)
        if burst and number % burst == 0:
            seconds += draw.uniform(7200, 12_000)
        traffic.ask(seconds, [*head, traffic.block("user", draw.uniform(*sizes))])
    return traffic.requests()


def early_timestamp(seed: int, count: int = 900, every: float = 20) -> list[Prompt]:
    """The first line of the system prompt is the time: no prefix ever comes again."""
    traffic = Traffic(seed)
    draw = traffic.random
    rest = traffic.block("system", 4600)
    seconds = 0.0
    made = 0
    while made < count:
        seconds += draw.expovariate(1 / every)
        blocks: list[Block] = []
        at = seconds
        for _ in range(draw.choice((1, 1, 2, 3))):
            blocks.append(traffic.block("user", draw.uniform(30, 200)))
            traffic.ask(at, [traffic.block("system", 60), rest, *blocks])
            blocks.append(traffic.block("assistant", draw.uniform(100, 400)))
            at += traffic.spread(50, 0.8, 8, 600)
            made += 1
    return traffic.requests()


def early_name(seed: int, users: int = 60, hours: float = 10) -> list[Prompt]:
    """The system prompt begins with the user's name: each user has a prefix of their own."""
    traffic = Traffic(seed)
    draw = traffic.random
    for _ in range(users):
        head = [traffic.block("system", 4700)]
        for _ in range(draw.randint(1, 4)):
            turns = _geometric(traffic, 0.6, 60)
            start = draw.uniform(0, hours * HOUR)
            traffic.chat(start, head, turns, lambda: traffic.spread(60, 1, 8, 1800))
    return traffic.requests()


def merged(*parts: list[Prompt]) -> list[Prompt]:
    """Several applications in one project."""
    return sorted(itertools.chain(*parts), key=lambda prompt: prompt.seconds)


def mixed(seed: int) -> list[Prompt]:
    """An agent, a bot, retrieval, one-shots and a timestamp in one project."""
    first = seed * 1000
    return merged(
        agent(first + 1, 1),
        support(first + 2, 240, 24),
        snippets(first + 3, 60, 12),
        one_shots(first + 4, 600, 20, system=2500),
        early_timestamp(first + 5, 300, 60),
        one_shots(first + 6, 400, 30),
    )


def agents_mostly(seed: int) -> list[Prompt]:
    """About 80 % of the tokens are an agent's."""
    first = seed * 1000
    return merged(
        agent(first + 1, 2, 1),
        support(first + 2, 240, 24),
        documents(first + 3, 2400, 24),
        one_shots(first + 4, 300, 60, system=2500),
    )


SHAPES: dict[str, Callable[[int], list[Prompt]]] = {
    "agent": agent,
    "support, dense": lambda seed: support(seed, 20, 5),
    "support, medium": lambda seed: support(seed, 240, 36),
    "support, sparse": lambda seed: support(seed, 1200, 120),
    "snippets": snippets,
    "large documents": documents,
    "long chats": long_chats,
    "one-shots": one_shots,
    "one-shots, template": lambda seed: one_shots(
        seed, 1200, 0.3, system=2500, burst=200, sizes=(1000, 4000)
    ),
    "one-shots, short template": lambda seed: one_shots(
        seed, 1200, 2, system=600, sizes=(1000, 4000)
    ),
    "early timestamp": early_timestamp,
    "early name": early_name,
    "mixed": mixed,
}
ONE_SHOTS = ("one-shots", "one-shots, template", "one-shots, short template", "early timestamp")
