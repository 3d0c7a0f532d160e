"""Which prompts may be answered by meaning at all: the documented table.

Each rule names a reason, says why, and lists what it looks for. ``docs/public/semantic-quality.md``
shows this table; a test holds the two together. Patterns run on the lower-case prompt.
"""
# ruff: noqa: E501 -- word lists read better as running text

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A reason to refuse, and the pattern that finds it."""

    reason: str
    why: str
    pattern: str


# Limits, checked first.
MAX_CHARACTERS = 400
LIMITS = (
    ("empty", "nothing to compare"),
    ("too-long", "more than 400 characters or 64 tokens: long prompts differ in details"),
    ("not-english", "the measured error rate holds for English only"),
)

# Where another wording's answer could cost a life or a liberty. Errs on refusing: a word is enough.
_DANGER = (
    r"suicid\w*|self[- ]?harm\w*|(?:kill|hurt|harm|cut|hang|poison|drown|starv)(?:ing|e)? (?:my|your|him|her|one)self"
    r"|(?:kill|hurt|harm)(?:ing)? (?:themselves|ourselves|people|someone|somebody)|end(?:ing)? (?:my|your|his|her|their|it) (?:own )?(?:life|all)|ending it all"
    r"|(?:want(?:s|ed|ing)? to|wanna|ways? to|how to|how (?:do|can|could) i|i) die|don'?t want to (?:live|be alive)|not want to live|worth living|painless(?:ly)?"
    r"|overdos\w*|lethal\w*|fatal\w*|deadly|poison\w*|toxic\w*|venom\w*|antidote|swallow(?:ed|ing|s)?|ingest\w*|inhaled|carbon monoxide|bleach|rat bait|nooses?"
    r"|chest pains?|heart attacks?|cardiac arrest|strokes?|seizures?|unconscious\w*|unresponsive|faint(?:ed|ing)|not breathing|(?:can'?t|cannot|stopped|trouble|difficulty|hard to) breath\w*"
    r"|chok(?:e|ed|ing)|drown(?:ed|ing)|bleed(?:s|ing)?|haemorrhag\w*|hemorrhag\w*|concussion|head injury|burn(?:t|ed)? (?:my|his|her|a)|sepsis|meningitis|appendicitis|anaphyla\w*|allergic reaction|epipen"
    r"|snake ?bites?|bitten by|ectopic|miscarr\w*|abort(?:ion|ions)|preeclampsia|baby (?:isn'?t|is not|not) \w+ing|high fever|suicidal|withdrawal|cpr|heimlich|emergency|first aid|ambulance|911|999"
    r"|dos(?:e|es|age|ages|ing)|milligrams?|\d ?mg|how many (?:pills|tablets|capsules|sleeping)|sleeping pills|mix(?:ing)? .{1,40} (?:with|and) (?:alcohol|medication|meds|pills)|while pregnant|during pregnancy|insulin|opioids?|fentanyl|heroin"
    r"|anorexi\w*|bulimi\w*|eating disorders?|purg(?:e|ing)|rap(?:e|ed|ist)|molest\w*|sexual(?:ly)? (?:abus|assault)\w*|abus(?:e|ed|er|es|ing|ive)|assault\w*|domestic violence|beat(?:s|ing|en)? (?:me|my|her|him|his)|stalk(?:er|ed|ing)"
    r"|traffick\w*|kidnap\w*|blackmail\w*|extort\w*|restraining orders?|arrest(?:ed|ing)?|warrants?|subpoena\w*|indict\w*|arraign\w*|bail|plea(?:d|ding)?|felon\w*|court dates?|summons(?:ed)?"
    r"|deport\w*|asylum|detained|evict\w*|foreclos\w*|custody|cps|statutes? of limitations|self[- ]defen[cs]e|bombs?|explosives?|guns?|firearms?|ammunition|shoot(?:ing|er)?"
)

RULES = (
    Rule("danger", "self-harm, acute medical or legal danger: never from another wording",
         rf"\b(?:{_DANGER})\b"),
    Rule("code", "code, markup and formulas differ by one character",
         r"```|`|[{}\\|]|=>|->|::|==|!=|<=|>=|&&|</?[a-z]+[ >/]|\w\(|\);|\w\[|#include|\$\{|;\s*$|\n\s*\n"
         r"|\b[a-z]+_[a-z_]+\b|(?-i:\b[a-z]+[A-Z][a-z]+[A-Za-z]*\()|\b(?:select|insert|update|delete) .+ (?:from|into|set|where) "),
    Rule("address", "a URL, domain, path or e-mail address is the subject itself",
         r"https?:|www\.|\S@\S|@\w|\b[\w-]+\.(?:com|net|org|io|ai|dev|app|co|uk|de|edu|gov|info|biz|in|me|tv|ly)\b"
         r"|(?:^|\s)[~.]?/\w|\b[a-z]:\\|\b\w+\.(?:py|js|ts|java|txt|csv|json|xml|ya?ml|html?|css|pdf|docx?|xlsx?|png|jpe?g|sh|sql|md)\b"),
    Rule("identifier", "order numbers, account numbers, hashes and versions name one thing",
         r"\d{6,}|\b(?=\w*\d)(?=\w*[a-z])[a-z0-9]{8,}\b|\d+\.\d+\.\d+|\d[\d-]{7,}\d|#\d+"),
    Rule("volatile", "the right answer changes with time",
         r"\b(?:today|tonight|tomorrow|yesterday|now|nowadays|currently|current|latest|newest|recent|recently|"
         r"upcoming|ongoing|breaking|trending|up-to-date|weather(?! (?:and|from|vs|versus) climate)|forecast|temperature outside|stock price|share price|"
         r"exchange rate|price of (?:bitcoin|btc|eth|ethereum|gold|oil|gas)|bitcoin price|crypto price|"
         r"news|headlines?|(?<!credit )(?<!fico )(?<!sat )(?<!act )(?<!apgar )scores?|standings|what time(?! of (?:the )?(?:year|day)\b)|what day|what date|the date|the time in|time is it|"
         r"these days|right now|at the moment|at present|so far|as of|"
         r"(?:this|next|last|past|coming) (?:week|month|year|morning|afternoon|evening|weekend|night|season|summer|winter|spring|"
         r"autumn|fall|monday|tuesday|wednesday|thursday|friday|saturday|sunday|january|february|march|april|may|june|july|august|"
         r"september|october|november|december|quarter|decade|hour)|in stock|open today|near me|nearby|nearest(?! \w+ to (?!me|my|us|our))|closest to me)\b"),
    Rule("random", "every answer should be a new one",
         r"\b(?:random(?! access| forest| variable| walk)|randomly|surprise me|roll (?:a|the|two)|flip a coin|coin flip|pick (?:a|one|any) (?:number|card)|shuffle|"
         r"another|again|one more|some more|different one|something (?:else|new|different)|else|regenerate|retry|try again|"
         r"continue|go on|keep going|more like (?:this|that))\b"),
    Rule("creative", "the asker wants a text of their own, not somebody's copy",
         r"\b(?:(?<!how to )(?<!how do i )(?<!how can i )(?<!how should i )(?<!how do you )(?<!who )write(?! to)|compose|draft|rewrite|brainstorm|imagine|invent (?:a|an|some)|make up|(?<!how to )(?<!how do i )(?<!how can i )(?<!how should i )(?<!how do you )create (?:a|an|some|me)|(?<!how to )(?<!how do i )(?<!how can i )(?<!how should i )(?<!how do you )generate|"
         r"poems?|haikus?|limericks?|sonnets?|lyrics|rap|jokes?|riddles?|puns?|stor(?:y|ies) about|tell me a|"
         r"a story|slogans?|taglines?|captions?|pick-?up lines?|name ideas|names? for my|nicknames?|"
         r"role-?play|pretend|act as|you are (?:a|an)|cover letter|essays?|speech for|toasts?|quiz me|motivate me|inspire me|"
         r"(?:give|suggest|recommend)(?: me)? (?:\w+ )?(?:names?|ideas?)|design (?:a|an|me))\b"),
    Rule("wording", "the prompt works on a text, where every word counts",
         r"\b(?:translate|translation|paraphrase|rephrase|reword|summari[sz]e|summary of|proofread|correct (?:this|the|my|the following)|"
         r"grammar(?:tical|tically)?|spell|spelled|spelling|pronounce|pronunciation|rhymes?|synonyms?|antonyms?|opposite of|anagram|"
         r"palindrome|the words?|the phrases?|the sentences?|this (?:sentence|text|word|phrase|paragraph|passage|email|code|article|function|error)|"
         r"how (?:do|would|can|to) (?:i |you |we |one )?(?:say|write|spell)|say .+ in (?:\w+)$|classify|sentiment|extract|complete the|"
         r"fill in|(?:the|these) following|following (?:text|sentences?|paragraphs?|code|emails?|words?|numbers?|lists?|questions?)|in other words|shorten|capitalize|lowercase|uppercase)\b|:\s*\S"),
    Rule("personal", "the answer depends on who asks",
         r"(?<!do )\b(?:what|when|where|how much|how many|how old|who|which)(?: is| are| was| were|'s|s| will| did| does| do| would| should)? (?:on |in |of |from |for |with )*(?:my|our)\b"
         r"|\b(?:where|when|what)(?:'s| is| are| was| were| has| have| did| does| do| will) my\b|\bwhy (?:was|were|has|have|did) my\b"
         r"|\b(?:status|balance|amount|limit|number|details?|history|date) (?:of|on|for|in) my\b|^(?:is|are|was|were|did|does|do|has|have|will|can|would|should) (?:my|our)\b"
         r"|\b(?:did|have|was|am) (?:i|we)\b(?! (?:allowed|able|supposed|required))|^(?:will|were|are|had) (?:i|we)\b|\bdo (?:i|we) (?:have(?! to\b)|owe|still|already)\b"
         r"|\b(?:remind me|my name|call me|my birthday|my age|i am \d+|i'm \d+|(?:i am|i'm|as) an? [\w-]+[ -]years?[ -]old|my (?:last|next|latest|previous|recent)|for me (?:today|tomorrow)|"
         r"i told you|you said|you told|we (?:talked|discussed|spoke)|do you remember|my (?:order|balance|appointment|reservation|booking|flight|"
         r"package|delivery|shipment|parcel|paycheck|salary|calendar|schedule|transactions?|spending|bill|statement|credit score|todo|to-do|shopping list))\b"),
    Rule("action", "an order to do something, not a question",
         r"^(?:please |can you |could you )*(?:send|text|call|book|order|transfer|pay|remind|play|schedule|email|buy|set (?:a|an|my|the)) "),
    Rule("private", "the speaker's own situation is told",
         r"(?:^|[.!?,;]\s+|\b(?:and|but|because|since|when|after) )(?:i (?:feel|felt|have been|had been|was|did|just|got|went|lost|paid|bought|ordered|tried|made|noticed|saw|received|withdrew|transferred|topped|am \w+ing)"
         r"|i'm (?:\w+ing|not|so|very|still)|i've|i'd (?:been|had)|i (?:can't|cannot|couldn't|don't|didn't|haven't))\b"),
)  # fmt: skip
