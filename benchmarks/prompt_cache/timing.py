"""What planning costs the edge on CPython, beside `json.loads` of the body."""

import json
import time
from collections.abc import Callable
from typing import Any

from gateway.prompt_cache import anthropic
from shared import prompt_cache
from shared.prompt_cache.boundaries import Boundaries, boundaries
from shared.prompt_cache.planner import Terms

_KEY = b"k" * 32
_REPEATS = 400
_NOW = 1_000_000


def _body(turns: int) -> str:
    """An agent's conversation; a turn is a call and its result, about 900 characters."""
    tools = [
        {"name": f"tool_{at}", "description": "Does a thing. " * 20, "input_schema": {}}
        for at in range(12)
    ]
    messages = [{"role": "user", "content": "Please look into this. " * 6}]
    for at in range(turns):
        call = {"type": "tool_use", "id": f"c{at}", "name": "tool_1", "input": {"path": "a/b.py"}}
        result = {"type": "tool_result", "tool_use_id": f"c{at}", "content": "def f(x): ...\n" * 60}
        messages.append({"role": "assistant", "content": [call]})
        messages.append({"role": "user", "content": [result]})
    return json.dumps({"tools": tools, "system": "Be careful. " * 250, "messages": messages})


def _microseconds(act: Callable[[], object]) -> float:
    """Of the fastest call: what other processes do can only add to it."""
    best = float("inf")
    for _ in range(_REPEATS):
        began = time.perf_counter()
        act()
        best = min(best, time.perf_counter() - began)
    return best * 1e6


def report(terms: Terms) -> None:
    """Print a line for each size of conversation."""
    print("\nCPU in the edge, microseconds (fastest of many); live: a plan where entries are read")
    print(
        f"{'body':>10}{'blocks':>8}{'json.loads':>12}{'hashing':>9}{'ratio':>7}{'plan':>7}{'live':>7}"
    )
    for turns in (5, 20, 80):
        text = _body(turns)
        body = json.loads(text)
        prompt, found = _prompt(body)
        texts = _microseconds(lambda: json.loads(text))  # noqa: B023 (called in this turn)
        hashing = _microseconds(lambda: _prompt(body))  # noqa: B023
        cold, live = (
            _planning(prompt, found, terms, _known(prompt, found.looked_up, live=live))
            for live in (False, True)
        )
        print(
            f"{len(text):10,}{len(prompt.kinds):8}{texts:12.0f}{hashing:9.0f}"
            f"{hashing / texts:7.2f}{cold:7.0f}{live:7.0f}"
        )


def _planning(
    prompt: prompt_cache.Prompt, found: Boundaries, terms: Terms, values: list[str | None]
) -> float:
    def read_and_plan() -> object:
        prompt_cache.fields(prompt, found)
        return prompt_cache.plan(prompt, found, prompt_cache.parse(found, values), terms, _NOW)

    return _microseconds(read_and_plan)


def _prompt(body: dict[str, Any]) -> tuple[prompt_cache.Prompt, Boundaries]:
    blocks = anthropic.DIALECT.split(body)
    found = boundaries(blocks.kinds)
    return blocks.prompt(_KEY, b"model", blocks.serialized(found)), found


def _known(prompt: prompt_cache.Prompt, looked_up: list[int], *, live: bool) -> list[str | None]:
    """The state of a project whose every prefix is known, the most there is to read; ``live``: all
    but the last have entries."""
    numbers = " ".join("12.5" for _ in range(12))
    names = ("T", "T1", "T3", "S", "S1t", "S3t", "H", "H3", "L", "Lr2t", "Lr5t", "Lu1t", "Lu5t")
    tables = ";".join(f"{name}:{numbers}" for name in names)
    expires = _NOW + 100_000 if live else _NOW - 100_000
    record = f"7 {expires} 300 Lr5t {prompt.root} 800000 1 0"
    records = [record] * len(looked_up)
    last = None if live else record
    return [tables, tables, "90000 900000 4000000 16000000 0", "14:90:1", *records[:-1], last]
