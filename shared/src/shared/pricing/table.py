"""The price table: US dollars per million tokens, by provider, model, service tier and time.

``prices.jsonl`` is generated (``make prices``); ``corrections.jsonl`` is kept by hand, each line
with its source, and replaces what the other says of the same name. A model that is in neither costs
``None`` (unknown), never 0. A provider's lines are parsed when it is first asked for.
"""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent
_HEAD, *_LINES = (_FOLDER / "prices.jsonl").read_text().splitlines()
_LINES += (_FOLDER / "corrections.jsonl").read_text().splitlines()
SOURCE: str = json.loads(_HEAD)["source"]
AS_OF: str = json.loads(_HEAD)["as_of"]

STANDARD_TIERS = ("", "default", "standard", "auto", "on_demand")
"""What providers call the service whose prices they list first. ``auto`` in an answer names no
tier: a provider that served another one says so."""

_DATE_SUFFIX = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
_NAMES = ("input", "output", "cached_input", "cache_write", "cache_write_hour")


@dataclass(frozen=True, slots=True)
class Rates:
    """USD per million tokens of one request.

    ``cached_input`` is the price of prompt tokens read from the provider's cache, ``cache_write``
    that of writing them; to keep them for the longer of a provider's two times (an hour at
    Anthropic, twelve at OpenAI) it is ``cache_write_hour``. ``text_only``: tokens of sound and
    pictures have other prices, which are not known here.
    """

    input: float
    output: float = 0.0
    cached_input: float | None = None
    cache_write: float | None = None
    cache_write_hour: float | None = None
    text_only: bool = False


def rates(provider: str, model: str, *, prompt_tokens: int, at: float, tier: str) -> Rates | None:
    """The rates of a request, or ``None`` when they are unknown.

    ``at``: unix time of the request. ``tier``: the service tier that the provider says it gave. A
    dated name without a price of its own has that of its undated one.
    """
    return _rates(provider, model, prompt_tokens, int(at // 60), tier)


@lru_cache(maxsize=1024)
def _rates(provider: str, model: str, prompt_tokens: int, minute: int, tier: str) -> Rates | None:
    """Prices begin and end with a minute. An answer that is served again and again asks the same
    question each time."""
    at = minute * 60
    models = _models(provider)
    name = model.lower()
    line = models.get(name) or models.get(_DATE_SUFFIX.sub("", name))
    if line is None:
        return None
    chosen = _standard(line["prices"], at)
    if tier not in STANDARD_TIERS:
        special = line.get("tiers", {}).get(tier)
        if special is None or not _holds(special, at):
            return None
        chosen = {**chosen, **special}
    known = {name: _at(chosen[name], prompt_tokens) for name in _NAMES if name in chosen}
    return Rates(**known, text_only=line.get("text_only", False))


def names(provider: str) -> list[str]:
    """Every name of the provider's models that has a price."""
    return sorted(_models(provider))


@cache
def _models(provider: str) -> dict[str, dict[str, Any]]:
    start = f'{{"provider":{json.dumps(provider)},'
    lines = (json.loads(line) for line in _LINES if line.startswith(start))
    return {name: line for line in lines for name in line["names"]}


def _standard(prices: list[dict[str, Any]], at: float) -> dict[str, Any]:
    """The last of the prices that hold; the first where none does."""
    return next((price for price in reversed(prices) if _holds(price, at)), prices[0])


def _holds(price: dict[str, Any], at: float) -> bool:
    """``from``: first day, UTC. ``utc``: minutes of the day between which it holds."""
    if "from" not in price and "utc" not in price:
        return True
    moment = datetime.fromtimestamp(at, UTC)
    if moment.date().isoformat() < price.get("from", ""):
        return False
    if "utc" not in price:
        return True
    begin, end = map(int, price["utc"])
    minute = moment.hour * 60 + moment.minute
    return begin <= minute < end if begin <= end else minute >= begin or minute < end


def _at(rate: Any, prompt_tokens: int) -> float:
    """A number, or ``[base, [above, rate], …]``: what every token of a longer prompt costs."""
    if not isinstance(rate, list):
        return float(rate)
    base, *longer = rate
    return float(next((each for above, each in reversed(longer) if prompt_tokens > above), base))
