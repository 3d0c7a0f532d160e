"""Whether a prompt is English, the one language whose figures hold.

A prompt passes when its letters are Latin, at least one English function word is there, and no
other language's function words are as many.
"""
# ruff: noqa: E501, SIM905 -- word lists read better as running text

import re
import unicodedata

_WORDS = re.compile(r"[^\W\d_]+").findall

ENGLISH = frozenset(
    "the a an of to in on at for with by from and or is are was were be been am do does did have has "
    "had i me my we our you your it its this that these those there they he she his her what how why "
    "who whom whose when where which can could should would will may might must not no if than then "
    "about into over after before without between some any all more most make get find need want give "
    "tell explain show list name best good way please help between much many long old out up "
    "define see use eat drink people work difference "
    # What searches in key words are made of.
    "vs versus meaning definition symptoms causes effects benefits side tips steps instructions ideas "
    "recipe fix install remove account password height weight stuck cheap safe water dog house money "
    "job".split()
)
# Function words of frequent Latin-script languages; words that are English too stay out.
FOREIGN = (
    frozenset(
        # Spanish, Portuguese, Italian, French
        "el la los las del y es en un una unos que qué como cómo por para con su sus mi mis se lo al más "
        "cual cuál quien quién donde dónde cuando cuándo porque está son hay puedo hacer tiene os um uma "
        "não nao em do da dos das ao como qual quem onde quando você voce meu minha fazer posso é il gli "
        "che di della dei delle nel nella per come cosa dove quando perché perche sono posso fare mio mia "
        "le les des du et est dans une ce cette qui quoi où comment pourquoi quand quel quelle sont je tu "
        "nous vous il elle mon ma mes pour avec sur puis faire combien c'est "
        # German, Dutch, Swedish, Danish, Norwegian
        "der die das den dem des und ist sind ein eine einen einem einer nicht wie warum wann wo wer was "
        "welche welcher kann ich du wir sie mein meine für mit auf von zu im zum zur het een van en de "
        "niet hoe waarom wanneer waar wie wat kan ik mijn voor met op naar och är att det som på hur "
        "varför när vad jag du vi min mitt och jeg er ikke hvordan hvorfor hva hvad hvor af "
        # Polish, Czech, Turkish, Indonesian, Romanian, Hindi and Tagalog in Latin letters
        "jak co to jest nie na się jest czy dlaczego kiedy gdzie moje mój je jak proč kde kdy ve nasıl "
        "neden ne bir bu mi için nerede apa bagaimana mengapa kapan di mana yang dan saya adalah untuk "
        "cum ce este de ce unde și kya hai kaise kyun mein ka ki ke ko hain nahi kab kahan mera ano ang "
        "paano bakit kailan saan ng mga sa ko ako".split()
    )
    - ENGLISH
    - frozenset(
        "to do is in on an as me no so we be or his her i a it was die den am on er "
        "son hay sur per come puis made os com ma vi ko wo mi sa ve du mine mana how".split()
    )
)


# English words that are frequent words of other languages too: one alone proves nothing.
_SHARED = frozenset("a i on in an me no he do am be so most".split())


def english(text: str) -> bool:
    """True when the prompt reads as English."""
    if not text.isascii() and not _latin(text):
        return False
    words = _WORDS(text.lower())
    known = sum(word in ENGLISH for word in words)
    foreign = sum(word in FOREIGN for word in words)
    sure = any(word in ENGLISH and word not in _SHARED for word in words)
    return foreign < known and (sure or (known > 1 and text.isascii()))


def _latin(text: str) -> bool:
    """Latin letters only, at most one in six with a mark; typographic signs are fine."""
    letters = marked = 0
    for character in text:
        if not character.isalpha():
            continue
        letters += 1
        if not character.isascii():
            if not unicodedata.name(character, "").startswith("LATIN"):
                return False
            marked += 1
    return marked * 6 <= letters
