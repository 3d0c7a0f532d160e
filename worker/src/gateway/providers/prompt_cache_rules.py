"""The rules of the prompt caches that providers sell, as data.

Only providers that take markers have an entry. Gemini, DeepSeek and xAI cache by themselves and
write for free: there is nothing to place. What reading and writing cost is in the price table.
"""

from dataclasses import dataclass
from fnmatch import fnmatchcase

FIVE_MINUTES, HALF_AN_HOUR, HOUR = 300, 1800, 3600


@dataclass(frozen=True, slots=True)
class PromptCacheRules:
    """``lifetimes``: seconds from the start of the request, and from every read, shortest first.

    ``markers``: how many prefixes a request may write. ``minimums``: name patterns (``fnmatch``)
    of the models that take markers, each with its shortest prefix in tokens; the first that matches
    holds, and a model that matches none is left alone. A shorter prefix is not cached, without an
    error. ``marked``: kinds of blocks that can carry a marker. ``exact``: entries are found at
    markers only, never at a prefix before one. ``source``: where the provider says so, and when
    that was read.
    """

    lifetimes: tuple[int, ...]
    markers: int
    minimums: tuple[tuple[str, int], ...]
    marked: frozenset[str]
    exact: bool
    source: str

    def minimum(self, model: str) -> int | None:
        """The shortest prefix that ``model`` caches, tokens; ``None``: it takes no markers."""
        name = model.lower()
        for pattern, tokens in self.minimums:
            if fnmatchcase(name, pattern):
                return tokens
        return None


ANTHROPIC = PromptCacheRules(
    lifetimes=(FIVE_MINUTES, HOUR),
    markers=4,
    minimums=(
        ("claude-fable-5*", 512),
        ("claude-mythos-5*", 512),
        ("claude-mythos-preview*", 2048),
        ("claude-opus-5*", 512),
        ("claude-opus-4-8*", 1024),
        ("claude-opus-4-7*", 2048),
        ("claude-opus-4-[56]*", 4096),
        ("claude-opus-4*", 1024),
        ("claude-sonnet-5-5*", 512),
        ("claude-sonnet-5*", 1024),
        # Documented as 1,024; nothing under 2,048 was seen to be cached (anthropic-sdk-python,
        # issue 1194).
        ("claude-sonnet-4-6*", 2048),
        ("claude-sonnet-4*", 1024),
        ("claude-3-7-sonnet*", 1024),
        ("claude-3-5-haiku*", 2048),
        # Of Haiku 5.5 no source tells the minimum: that of the Haiku before it.
        ("claude-haiku-*", 4096),
        ("claude-*", 4096),
    ),
    # Thinking and empty texts cannot be marked.
    marked=frozenset(("tools", "system", "user", "assistant", "tool_use", "tool_result")),
    exact=False,
    source="Anthropic, Prompt caching: cache limitations (2026-10); anthropic 2.12.0",
)
"""A request may hold four markers, the top-level ``cache_control`` included; a longer lifetime
stands before a shorter one. Each marker looks back 20 positions for an entry, itself the first."""

OPENAI = PromptCacheRules(
    lifetimes=(HALF_AN_HOUR,),
    markers=4,
    minimums=(("gpt-5.[6-9]*", 1024), ("gpt-[6-9]*", 1024)),
    # Markers on an assistant's message are refused.
    marked=frozenset(("system", "user", "tool_result")),
    exact=True,
    source="OpenAI, Prompt caching guide (2026-09); openai 3.54.0",
)
"""The guide says that the latest 50 markers are looked for, the API reference 80; ours are four.
Models before GPT-5.6 cache by themselves, write
for free and refuse markers."""
