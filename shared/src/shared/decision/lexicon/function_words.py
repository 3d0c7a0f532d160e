"""Closed word classes and the words that one prompt may add without changing its answer."""
# ruff: noqa: E501, SIM905 -- word lists read better as running text

STOP = frozenset(
    "a an the of to in on at for with by from and or is are was were be been being am do does did "
    "doing done have has had having i me my mine myself we our ours us you your yours yourself it "
    "its itself this that these those as so there their theirs they them he his him she her hers "
    "if then than can could would should will shall may might must about into over out up just "
    "please also any some really actually exactly s t re ve ll d m what how why who whom whose "
    "when where which oneself someone somebody anyone anybody one ones such very".split()
)
NEGATIONS = frozenset(
    "not no never without neither nor none nobody nothing cannot except excluding unless lack "
    "lacking instead rather hardly barely fail refuse avoid non".split()
)
# Governing words that carry the argument structure.
LINKS = frozenset(
    "of to in on at for with by from and or as than about into over under out against without "
    "before after during since until between among through like per via versus up down off "
    "because if while when where that who which near inside outside within beyond behind "
    "toward towards".split()
)
# Links that may replace one another or be absent ("cause of", "cause for", noun compounds).
WEAK_LINKS = frozenset(
    "of in on at for about that which who as like with to out up when where during".split()
)
# Groups of prepositions that may replace one another.
INTERCHANGEABLE_LINKS = (
    frozenset("of in at for during".split()),
    frozenset("of about".split()),
    frozenset("of on in".split()),
    frozenset("on about".split()),
    frozenset("of from".split()),
)
# With these words "to" may replace "in", "on" and "with" ("connect to", "traffic on").
REACHING = frozenset("add attach connect help important link pair post sync traffic upload".split())
# Behind these "to" and "for" are one ("good to health", "alternative for").
SERVING = frozenset(
    "alternative answer bad build facility good harmful important provide provided solution "
    "substitute traffic useful".split()
)
# Works are "of" their maker and "about" their subject.
WORKS = frozenset(
    "book film letter movie novel painting photo picture poem portrait song story".split()
)
PREPOSITIONS = frozenset("of in on at for about during to with from by like into onto as".split())
# What they join may change places.
COORDINATING = frozenset({"and", "or", "versus", "vs"})
# With these the order of what is joined tells.
ORDERING = frozenset(
    "then divide dividing divided subtract subtracting subtracted ratio ratios quotient order "
    "sequence respectively odds rank ranked followed".split()
)  # fmt: skip
# One side having one of these, and the other not, changes the question.
STRICT_WORDS = frozenset(
    "only before after without against if while never always every least worst first last again "
    "until unless except instead than all both neither either none each most more less fewer "
    "many few several between since under over within beyond behind above below inside "
    "outside because despite although though no still yet already too enough this these those worse better worst "
    "free alone together same other another else off through own self previous next also "
    "further twice once half double minimum maximum out up down".split()
)  # fmt: skip
MODALS = {
    "can": "can", "could": "can", "should": "should", "ought": "should", "would": "would",
    "will": "will", "shall": "will", "may": "may", "might": "may", "must": "must",
}  # fmt: skip
PERSONS = {
    "i": "i", "me": "i", "my": "i", "mine": "i", "myself": "i",
    "we": "i", "our": "i", "us": "i", "ours": "i",
    "you": "you", "your": "you", "yours": "you", "yourself": "you",
    "he": "he", "his": "he", "him": "he", "himself": "he",
    "she": "she", "her": "she", "hers": "she", "herself": "she",
    "they": "they", "their": "they", "them": "they", "theirs": "they", "themselves": "they",
}  # fmt: skip
POSSESSIVES = frozenset("my our your his their mine ours yours hers theirs".split())
# Heads of names in which "of" is no relation: "University of Washington", "Washington University".
NAMED_KINDS = frozenset(
    "university college school institute bank museum church hospital court theater theatre house "
    "tower bridge palace castle battle treaty lake bay cape gulf isle island mount order academy "
    "society club".split()
)  # fmt: skip
# Content words that add no condition of their own.
# Adverbs and courtesies: free to add, drop or swap.
FILLERS = frozenset(
    "actual actually basically simply currently possible possibly truly literally ever quite pretty "
    "please kindly thanks thank hi hello hey ok okay then just briefly generally usually normally "
    "typically globally way thing kind type sort moment presently".split()
)  # fmt: skip
# Light verbs and nouns: one prompt may have one more of them, but none replaces another.
LIGHT = frozenset(
    "available exist able recommend suggest help know find understand list show tell "
    "get getting go going question answer person people somebody everyone method number "
    "mean meaning some detail example consider continue follow exact quick".split()
)  # fmt: skip
