"""Words that an article or a plural makes another word of.

Written by hand for WatchLLM; ``shared.decision.guards.form`` says what is done with them.
"""
# ruff: noqa: E501, SIM905 -- word lists read better as running text

# One thing with "a" or "the", another one without.
ARTICLE_SENSES = frozenset(
    "chicken church coal cork court duck glass hospital iron jail lamb lead light moon office paper "
    "press prison room rubber rust school sea time tin turkey war work".split()
)
# One thing in the singular, another one in the plural.
PLURAL_SENSES = frozenset(
    "air arm ash brain chicken color colour content custom damage draft duck force good iron lamb "
    "letter look manner paper power premise saving scale short spirit term turkey water weight "
    "wood work".split()
)
