"""Words that an article, a plural, a capital or an ending makes another word of.

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
# Names, and common words in lower case; not names that people write small as often ("python").
NAMES_TOO = frozenset(
    "accord amber apple august bath beetle bill blackberry brave bronco buffalo catholic champagne "
    "chase chile china civic cologne conservative cork crystal dart democratic discord dodge dove "
    "echo edge elm escape explorer fiesta fire flask focus ford fox frank gap georgia golf grace "
    "guinea hope ivy jack jaguar jordan joy labour liberal lily lincoln lotus mali mark mars may "
    "mercury mint mobile mustang nest nice oracle orange panama pascal pearl phoenix pilot polish "
    "polo puma ram reading republican ring rose ruby rust saturn shell signal slack spark square "
    "stripe subway swift target teams tide titan turkey venus violet visa will windows word zoom".split()
)
# What comes behind them tells what they mean: "remember to call", "remember calling".
COMPLEMENT_SENSES = frozenset(
    "forget forgot mean quit regret regrets regretted remember remembered stop stopped stops try "
    "tried tries".split()
)
# Base of verbs whose "-ed" is how one feels and whose "-ing" is what makes one feel so.
FEELINGS = frozenset(
    "amaz amus annoy bor charm confus convinc depress disappoint disgust disturb embarrass "
    "encourag entertain excit exhaust fascinat frighten frustrat humiliat inspir insult interest "
    "intimidat irritat motivat offend overwhelm pleas puzzl relax reward satisfy shock stimulat "
    "stress surpris terrify threaten thrill tir touch worry".split()
)
REFLEXIVES = frozenset({"himself", "herself", "itself", "themselves"})
