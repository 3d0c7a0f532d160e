"""OpenAI's prompt cache from GPT-5.6 on; see the package's docstring."""

from collections.abc import Hashable, Mapping
from typing import Any

from tests.doubles.prompt_caches.prompt import Blocks, Entry, Prompt, RefusedError, Used

_LIFETIME = 1800
_MARKED = ("system", "user", "tool_result")
_IMPLICIT = ("user", "tool_result")
_READ = 50
_MOST_WRITES = 4
_KINDS = {"developer": "system", "tool": "tool_result"}


class OpenAIPromptCache:
    """`minimum`: the shortest prefix it caches; `first_byte`: seconds until an answer begins."""

    def __init__(self, minimum: int = 1024, *, first_byte: float = 2.0) -> None:
        self._minimum = minimum
        self._first_byte = first_byte
        self._entries: dict[Hashable, Entry] = {}

    def serve(self, prompt: Prompt, markers: Mapping[int, int], *, implicit: bool = False) -> Used:
        """`implicit`: the latest user or tool message is marked as well, and earlier ones are read.

        Raises `RefusedError`.
        """
        kinds, now = prompt.kinds, prompt.seconds
        if any(kinds[place] not in _MARKED for place in markers):
            raise RefusedError("prompt_cache_breakpoint is not supported on this content block")
        explicit = sorted(markers)
        ends = _ends(kinds) if implicit else []
        candidates = sorted({*explicit, *ends})[-_READ:]
        hit = next((place for place in reversed(candidates) if self._live(prompt, place)), -1)
        read = written = prompt.cumulative[hit] if hit >= 0 else 0
        for place in [hit, *(place for place in explicit if place < hit)] if hit >= 0 else ():
            entry = self._live(prompt, place)
            if entry is not None:
                entry.expires = now + _LIFETIME
        allowed = _MOST_WRITES - 1 if implicit else _MOST_WRITES
        for place in sorted({*explicit[-allowed:], *ends[-1:]}):
            if prompt.cumulative[place] < self._minimum or self._live(prompt, place):
                continue
            old = self._entries.get(prompt.prefixes[place])
            pending = old is not None and old.expires > now
            readable = old.readable if pending and old else now + self._first_byte
            self._entries[prompt.prefixes[place]] = Entry(readable, now + _LIFETIME, _LIFETIME)
            written = max(written, prompt.cumulative[place])
        return Used(read, written - read, 0, prompt.cumulative[-1] - written)

    def _live(self, prompt: Prompt, place: int) -> Entry | None:
        entry = self._entries.get(prompt.prefixes[place])
        return entry if entry is not None and entry.live(prompt.seconds) else None


def _ends(kinds: Any) -> list[int]:
    """The last block of every user and tool message."""
    last = len(kinds) - 1
    return [
        place
        for place, kind in enumerate(kinds)
        if kind in _IMPLICIT and (place == last or kinds[place + 1] != kind)
    ]


def openai_prompt(body: Mapping[str, Any], seconds: float) -> tuple[Prompt, dict[int, int], bool]:
    """A body of `/v1/chat/completions`, its markers, and whether the mode is implicit."""
    options = body.get("prompt_cache_options") or {}
    if options.get("mode", "implicit") not in ("implicit", "explicit"):
        raise RefusedError("Invalid value for prompt_cache_options.mode")
    if options.get("ttl", "30m") != "30m":
        raise RefusedError("Invalid value for prompt_cache_options.ttl")
    if options and body.get("prompt_cache_retention"):
        raise RefusedError("prompt_cache_retention cannot be used with prompt_cache_options")
    blocks = Blocks(seconds)
    if body.get("tools"):
        blocks.add("tools", body["tools"], None)
    for message in body["messages"]:
        kind = _KINDS.get(message["role"], message["role"])
        content = message.get("content") or ""
        surroundings = {name: value for name, value in message.items() if name != "content"}
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        for index, part in enumerate(parts):
            marker = part.get("prompt_cache_breakpoint")
            if marker is not None and (marker.get("mode") != "explicit" or kind not in _MARKED):
                raise RefusedError("Invalid prompt_cache_breakpoint")
            plain = {k: v for k, v in part.items() if k != "prompt_cache_breakpoint"}
            said = [surroundings if index == 0 else None, plain]
            blocks.add(kind, said, None if marker is None else _LIFETIME)
    return blocks.prompt(), blocks.markers, options.get("mode") != "explicit"
