"""Where to put the markers of a provider's prompt cache, from what a project sent before.

Pure: a prompt comes as the kinds, sizes and prefix hashes of its blocks, never as text; what is
remembered comes as fields of one Redis hash, and goes back as arguments of ``prompt_cache.lua``,
which does the counting. The rules of the providers are data of the gateway, the prices those of
``shared.pricing``.

The idea: a write pays where the chance ``p`` that the prefix is used again within the lifetime is
above (write - 1) / (write - read), in units of the input price. ``life_table`` estimates ``p`` for
each class of boundary (``boundaries``) from how long prefixes of that class stayed unused so far.
"""

from shared.prompt_cache.planner import Plan, Terms, plan, tokens_per_character
from shared.prompt_cache.prompt import Prompt, chain
from shared.prompt_cache.state import State, fields, parse

__all__ = [
    "Plan",
    "Prompt",
    "State",
    "Terms",
    "chain",
    "fields",
    "parse",
    "plan",
    "tokens_per_character",
]
