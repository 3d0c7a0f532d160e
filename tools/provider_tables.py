"""Writes the tables of docs/public/providers.md from the providers' capabilities.

    PYTHONPATH=shared/src:worker/src:tools python -m provider_tables

A test fails when the page says anything else.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from gateway.providers import base
from gateway.providers.registry import LIVE, PROVIDERS

PAGE = Path(__file__).resolve().parents[1] / "docs/public/providers.md"
_ENDPOINTS = {
    "Chat completions": base.CHAT,
    "Messages": base.MESSAGES,
    "Responses": base.RESPONSES,
    "Completions": base.COMPLETIONS,
    "Embeddings": base.EMBEDDINGS,
}


def endpoints() -> str:
    """Which provider has which endpoint, and whose models are known by name."""
    rows = [
        (
            f"`{name}`",
            _codes(provider.capabilities.model_prefixes),
            *(_support(provider.capabilities, endpoint) for endpoint in _ENDPOINTS.values()),
        )
        for name, provider in PROVIDERS.items()
    ]
    return _table(("Provider", "Models known by name", *_ENDPOINTS), rows)


def live_data() -> str:
    """What of a provider is never cached, and where it says so."""
    rows = [
        (
            f"`{name}`",
            _codes(live.models),
            _codes(live.fields),
            _codes(live.further_models),
            live.source,
        )
        for name, live in LIVE.items()
    ]
    head = ("Provider", "Models", "Fields", "Further models in", "Source")
    return _table(head, rows)


def differences() -> str:
    """What else the gateway knows of each provider."""
    rows: list[tuple[str, ...]] = []
    for name, provider in PROVIDERS.items():
        known = provider.capabilities
        rows.append(
            (
                f"`{name}`",
                _usage(known),
                _codes(known.effort_models),
                f"`{known.reasoning_field}`" if known.reasoning_field else "",
                f"`{'.'.join(known.strict_at)}`" if known.strict_at else "",
                str(known.call_id_length or ""),
                "yes" if known.tells_cost else "",
                _codes(tuple(known.endings)),
            )
        )
    head = (
        *("Provider", "Usage of streams", "Models with reasoning effort", "Wants reasoning in"),
        *("Nothing is added with", "Length of call ids", "Tells cost", "Own finish reasons"),
    )
    return _table(head, rows)


TABLES = {"endpoints": endpoints, "differences": differences, "live data": live_data}
"""Name of the marker in the page → what stands below it."""


def written(page: str) -> str:
    """``page`` with every table as the data has it."""
    for name, make in TABLES.items():
        marker = f"<!-- table: {name} -->\n"
        pattern = re.compile(re.escape(marker) + r"(\|[^\n]*\n)*")
        if not pattern.search(page):
            raise ValueError(f"providers.md has no {marker.strip()}")
        page = pattern.sub((marker + make()).replace("\\", "\\\\"), page)
    return page


def _usage(known: base.Capabilities) -> str:
    if base.MESSAGES in known.paths:
        return "always comes"  # Anthropic's protocol
    told = "asked for" if known.stream_usage else "not asked for"
    told = "always comes, with the end" if known.usage_with_end else told
    return f"{told}; or in `{'.'.join(known.usage_at)}`" if known.usage_at else told


def _support(capabilities: base.Capabilities, endpoint: str) -> str:
    if endpoint in capabilities.paths:
        return "yes"
    return "translated" if endpoint in capabilities.translations else ""


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
