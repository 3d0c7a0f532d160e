"""Which texts may be normalized: sorting combining characters must not cost more than linear time.

Unicode normalization sorts every run of combining characters, and Python sorts by insertion: a run
of n costs n² steps. No language has runs of more than 30 (Unicode Standard Annex 15, "Stream-Safe
Text Format"), so a text with a longer one is not normalized, and compared as it is.
"""

import re
from functools import lru_cache

LONGEST_RUN = 30
_ALWAYS_SHORT = 256
"""Characters. Shorter texts cost too little to look for runs."""

# Characters whose canonical decomposition begins with a combining one (ccc > 0), hexadecimal; a
# test compares them with Python's own table. Beyond the Basic Multilingual Plane one range covers
# all of them and others: a class of many ranges there is searched fifty times slower.
_COMBINING = (
    "300-34E 350-36F 483-487 591-5BD 5BF 5C1-5C2 5C4-5C5 5C7 610-61A 64B-65F 670 6D6-6DC "
    "6DF-6E4 6E7-6E8 6EA-6ED 711 730-74A 7EB-7F3 7FD 816-819 81B-823 825-827 829-82D 859-85B "
    "897-89F 8CA-8E1 8E3-8FF 93C 94D 951-954 9BC 9CD 9FE A3C A4D ABC ACD B3C B4D BCD C3C C4D "
    "C55-C56 CBC CCD D3B-D3C D4D DCA E38-E3A E48-E4B EB8-EBA EC8-ECB F18-F19 F35 F37 F39 "
    "F71-F75 F7A-F7D F80-F84 F86-F87 FC6 1037 1039-103A 108D 135D-135F 1714-1715 1734 17D2 17DD "
    "18A9 1939-193B 1A17-1A18 1A60 1A75-1A7C 1A7F 1AB0-1ABD 1ABF-1ACE 1B34 1B44 1B6B-1B73 "
    "1BAA-1BAB 1BE6 1BF2-1BF3 1C37 1CD0-1CD2 1CD4-1CE0 1CE2-1CE8 1CED 1CF4 1CF8-1CF9 1DC0-1DFF "
    "20D0-20DC 20E1 20E5-20F0 2CEF-2CF1 2D7F 2DE0-2DFF 302A-302F 3099-309A A66F A674-A67D "
    "A69E-A69F A6F0-A6F1 A806 A82C A8C4 A8E0-A8F1 A92B-A92D A953 A9B3 A9C0 AAB0 AAB2-AAB4 "
    "AAB7-AAB8 AABE-AABF AAC1 AAF6 ABED FB1E FE20-FE2F 101FD-1EFFF"
)


def normalizable(text: str) -> bool:
    """True when normalizing ``text`` takes linear time."""
    return len(text) <= _ALWAYS_SHORT or _long_run().search(text) is None


@lru_cache(maxsize=1)
def _long_run() -> re.Pattern[str]:
    members = "".join(_class_range(item) for item in _COMBINING.split())
    # The first character stands alone, so that the search can skip to where it occurs.
    return re.compile(f"[{members}][{members}]{{{LONGEST_RUN}}}")


def _class_range(item: str) -> str:
    first, _, last = item.partition("-")
    return f"{chr(int(first, 16))}-{chr(int(last or first, 16))}"
