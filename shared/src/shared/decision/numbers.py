"""Numbers and units in one spelling, so that "two hours", "2 hrs" and "2 hours" are equal."""
# ruff: noqa: SIM905 -- word lists read better as running text

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
).split()
SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SUFFIX = {"k": 1000, "m": 10**6, "bn": 10**9, "b": 10**9}

# "one" (a pronoun) and "second" (a unit of time) stay words.
WORDS = {word: str(value) for value, word in enumerate(_ONES) if word != "one"}
WORDS |= {word: str(10 * (place + 2)) for place, word in enumerate(_TENS)}
WORDS |= {word: f"{place + 1}th" for place, word in enumerate(_ORDINALS) if word != "second"}
WORDS |= {"1st": "1th", "2nd": "2th", "3rd": "3th", "dozen": "12", "half": "0.5", "twice": "2x"}

# Spelling -> unit name. Conversions below bring a few units to one base.
UNITS = {
    "km": "kilometer", "kms": "kilometer", "kilometers": "kilometer", "kilometre": "kilometer",
    "kilometres": "kilometer", "cm": "centimeter", "centimeters": "centimeter", "mm": "millimeter",
    "kg": "kilogram", "kgs": "kilogram", "kilo": "kilogram", "kilos": "kilogram",
    "kilograms": "kilogram", "lb": "pound", "lbs": "pound", "pounds": "pound", "oz": "ounce",
    "ounces": "ounce", "ft": "foot", "feet": "foot", "hr": "hour", "hrs": "hour", "hours": "hour",
    "min": "minute", "mins": "minute", "minutes": "minute", "sec": "second", "secs": "second",
    "seconds": "second", "days": "day", "weeks": "week", "months": "month", "years": "year",
    "yr": "year", "yrs": "year", "gb": "gigabyte", "gigs": "gigabyte", "mb": "megabyte",
    "tb": "terabyte", "kb": "kilobyte", "mph": "mph", "ml": "milliliter", "ltr": "liter",
    "liters": "liter", "litre": "liter", "litres": "liter", "%": "percent", "$": "dollar",
    "usd": "dollar", "dollars": "dollar", "bucks": "dollar", "€": "euro", "eur": "euro",
    "euros": "euro", "£": "pound", "rs": "rupee", "inr": "rupee", "rupees": "rupee", "₹": "rupee",
    "g": "gram", "grams": "gram", "mg": "milligram", "meters": "meter", "metre": "meter",
    "metres": "meter", "miles": "mile", "inches": "inch", "m": "meter", "px": "pixel",
    "pixels": "pixel", "cc": "cc", "f": "fahrenheit", "c": "celsius", "w": "watt", "watts": "watt",
    "kw": "kilowatt", "kilowatts": "kilowatt", "yd": "yard", "yds": "yard", "yards": "yard",
}  # fmt: skip
# Exact conversions only, each to the smaller unit.
_CONVERT = {
    "week": (7, "day"), "hour": (60, "minute"), "kilometer": (1000, "meter"),
    "kilogram": (1000, "gram"), "centimeter": (10, "millimeter"), "liter": (1000, "milliliter"),
}  # fmt: skip
_PLAIN = re.compile(r"\d+(?:\.\d+)?").fullmatch
_WITH_SUFFIX = re.compile(r"(\d+(?:\.\d+)?)(k|m|bn|b)").fullmatch
_GLUED = re.compile(r"(\d+(?:\.\d+)?)([a-z%]{1,4})").fullmatch


def joined(words: list[str]) -> list[str]:
    """Words with number words, glued units and scales brought to digits and unit names."""
    out: list[str] = []
    for word in words:
        _place(out, WORDS.get(word, word))
    return out


def _place(out: list[str], word: str) -> None:
    previous = out[-1] if out else ""
    counted = bool(_PLAIN(previous))
    if word in SCALES and counted:
        out[-1] = _text(float(previous) * SCALES[word])
    elif word in SCALES and previous == "a" and not (len(out) > 1 and _PLAIN(out[-2])):
        out[-1] = _text(SCALES[word])  # "a million"
    elif counted and _PLAIN(word) and _completes(previous, word):
        out[-1] = str(int(previous) + int(word))
    elif counted and word in ("am", "pm"):
        out[-1] += word
    elif counted and word in UNITS:
        _measure(out, UNITS[word])
    elif word[0].isdigit() and not word.isdigit():
        _glued(out, word)
    elif previous in ("dollar", "euro", "pound", "rupee") and _PLAIN(word) and _symbol(out):
        out.insert(len(out) - 1, word)
    elif word in ("$", "€", "£", "₹"):
        out.append(UNITS[word])
    else:
        out.append(word)


def _symbol(out: list[str]) -> bool:
    """Whether the unit just placed came before its number, as in "$ 5"."""
    return len(out) < 2 or not _PLAIN(out[-2])


def _completes(tens: str, ones: str) -> bool:
    return (
        tens.isdigit()
        and tens != "0"
        and int(tens) % 10 == 0
        and len(tens) == 2
        and (ones.isdigit() and 0 < int(ones) < 10)
    )


def _glued(out: list[str], word: str) -> None:
    scaled = _WITH_SUFFIX(word)
    if scaled and scaled[2] != "m":
        out.append(_text(float(scaled[1]) * _SUFFIX[scaled[2]]))
        return
    glued = _GLUED(word)
    if glued and glued[2] in UNITS:
        out.append(_text(float(glued[1])))
        _measure(out, UNITS[glued[2]])
        return
    out.append(_text(float(word)) if _PLAIN(word) else word)


def _measure(out: list[str], unit: str) -> None:
    """Appends a unit after its number, in the base unit where the conversion is exact."""
    factor = _CONVERT.get(unit)
    if factor:
        out[-1] = _text(float(out[-1]) * factor[0])
        unit = factor[1]
    out.append(unit)


def _text(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
