"""Anthropic's prompt cache; see the package's docstring."""

from collections.abc import Hashable, Mapping
from typing import Any

from tests.doubles.prompt_caches.prompt import Blocks, Entry, Prompt, RefusedError, Used

_HOUR = 3600
_LIFETIMES = {None: 300, "5m": 300, "1h": _HOUR}
_RUNS = ("tool_use", "tool_result")
_LOOK_BACK = 20
_MOST_MARKERS = 4


class AnthropicPromptCache:
    """`minimum`: the shortest prefix it caches; `first_byte`: seconds until an answer begins."""

    def __init__(self, minimum: int = 1024, *, first_byte: float = 2.0) -> None:
        self._minimum = minimum
        self._first_byte = first_byte
        self._entries: dict[Hashable, Entry] = {}

    def serve(self, prompt: Prompt, markers: Mapping[int, int]) -> Used:
        """`markers`: block to lifetime in seconds. Raises `RefusedError`."""
        places = sorted(markers)
        lifetimes = [markers[place] for place in places]
        if len(places) > _MOST_MARKERS:
            raise RefusedError(f"A maximum of 4 blocks with cache_control, found {len(places)}.")
        if lifetimes != sorted(lifetimes, reverse=True):
            raise RefusedError("A ttl='1h' cache_control block must not come after a ttl='5m' one.")
        now, cumulative = prompt.seconds, prompt.cumulative
        hit = self._look(prompt, places)
        read = written = cumulative[hit] if hit >= 0 else 0
        until_hour = read
        kept = _HOUR
        if hit >= 0:
            entry = self._entries[prompt.prefixes[hit]]
            entry.expires = now + entry.lifetime
            kept = entry.lifetime
        for place in places:
            if cumulative[place] < self._minimum:
                continue
            prefix, lifetime = prompt.prefixes[place], markers[place]
            old = self._entries.get(prefix)
            if place <= hit and old is not None and old.live(now):
                old.expires = now + old.lifetime
            elif place <= hit:
                lifetime = min(lifetime, kept)
                readable = now + self._first_byte
                self._entries[prefix] = Entry(readable, now + lifetime, lifetime)
            else:
                # One that a parallel request has written and nobody can read yet is paid again.
                pending = old is not None and old.expires > now
                readable = old.readable if pending and old else now + self._first_byte
                self._entries[prefix] = Entry(readable, now + lifetime, lifetime)
                written = cumulative[place]
                until_hour = written if lifetime == _HOUR else until_hour
        return Used(read, written - read, until_hour - read, cumulative[-1] - written)

    def _look(self, prompt: Prompt, places: list[int]) -> int:
        """The longest prefix that is read; -1: none."""
        for place in reversed(places):
            block, position = place, 1
            while block >= 0 and position <= _LOOK_BACK:
                entry = self._entries.get(prompt.prefixes[block])
                if entry is not None and entry.live(prompt.seconds):
                    return block
                kind = prompt.kinds[block]
                same_run = block and kind in _RUNS and kind == prompt.kinds[block - 1]
                position += not same_run
                block -= 1
        return -1


def anthropic_prompt(body: Mapping[str, Any], seconds: float) -> tuple[Prompt, dict[int, int]]:
    """A body of `/v1/messages` and its markers. Raises `RefusedError`."""
    blocks = Blocks(seconds)
    for tool in body.get("tools") or ():
        blocks.add("tools", *_unmarked(tool))
    system = body.get("system")
    for block in [{"type": "text", "text": system}] if isinstance(system, str) else system or ():
        blocks.add("system", *_unmarked(block))
    settings = {name: body.get(name) for name in ("tool_choice", "thinking")}
    for turn in body["messages"]:
        content = turn["content"]
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for block in content:
            kind = block["type"] if block["type"] in _RUNS else turn["role"]
            plain, lifetime = _unmarked(block)
            blocks.add(kind, [settings, turn["role"], plain], lifetime)
    prompt = blocks.prompt()
    if body.get("cache_control"):
        last = len(prompt.kinds) - 1
        if last not in blocks.markers and len(blocks.markers) == _MOST_MARKERS:
            raise RefusedError("A maximum of 4 blocks with cache_control, found 5.")
        blocks.markers.setdefault(last, _lifetime(body["cache_control"]))
    return prompt, blocks.markers


def _unmarked(block: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    marker = block.get("cache_control")
    plain = {name: value for name, value in block.items() if name != "cache_control"}
    if marker is None:
        return plain, None
    if block.get("type") in ("thinking", "redacted_thinking"):
        raise RefusedError("cache_control cannot be set for thinking blocks")
    if block.get("type") == "text" and not block["text"]:
        raise RefusedError("cache_control cannot be set for empty text blocks")
    return plain, _lifetime(marker)


def _lifetime(marker: Any) -> int:
    if marker.get("type") != "ephemeral" or marker.get("ttl") not in _LIFETIMES:
        raise RefusedError("cache_control: Input should be 'ephemeral', with a ttl of '5m' or '1h'")
    return _LIFETIMES[marker.get("ttl")]
