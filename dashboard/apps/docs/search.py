"""Full-text search over the documentation, without a service.

A few hundred passages (the text under one heading each) fit in memory. They are ranked by Okapi
BM25 (Robertson and Zaragoza 2009, k1 = 1.2, b = 0.75), where a word of the heading or of the page's
title counts for several in the text. An identifier (``x-watchllm-cache``, ``cache_miss``) is found
first where a table explains it, in reading order. The last word of a query
also matches as a prefix, because the page searches while the reader types.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from apps.docs.markdown import render
from apps.docs.pages import BY_SLUG, Page

MAX_RESULTS = 10
MAX_QUERY = 100
_WORD = re.compile(r"\w+", re.UNICODE)
_K1, _B = 1.2, 0.75
_HEADING_WEIGHT, _TITLE_WEIGHT = 4, 3
# A rare longer word (``semantic_embedder``) would go before the common one that was typed.
_PREFIX_WEIGHT = 0.3
_SNIPPET = 160


@dataclass(frozen=True, slots=True)
class Result:
    """``snippet`` is text in pieces; those marked true match the query."""

    page: Page
    anchor: str
    heading: str
    snippet: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    page: Page
    anchor: str
    heading: str
    text: str
    terms: tuple[str, ...]
    counts: Counter[str]
    length: int


@dataclass(frozen=True, slots=True)
class _Index:
    entries: tuple[_Entry, ...]
    frequencies: Counter[str]
    """Word → number of passages with it."""
    average: float


def search(query: str, texts: Iterable[tuple[str, str]]) -> list[Result]:
    """The best passages for ``query``; every word of it must occur.

    ``texts``: (slug, Markdown) of every page.
    """
    query = query[:MAX_QUERY].lower()
    words = _words(query)
    if not words:
        return []
    index = _index(tuple(texts))
    meant = [{word: 1.0} for word in words]
    meant[-1] = {
        word: 1.0 if word == words[-1] else _PREFIX_WEIGHT
        for word in index.frequencies
        if word.startswith(words[-1])
    }
    identifier = query.strip() if "-" in query or "_" in query else None
    ranked = []
    for position, entry in enumerate(index.entries):
        score = _score(index, entry, meant)
        if not score:
            continue
        explains = identifier and any(term.startswith(identifier) for term in entry.terms)
        ranked.append((0.0 if explains else 1.0, 0.0 if explains else -score, position))
    ranked.sort()
    return [_result(index.entries[position], meant) for _, _, position in ranked[:MAX_RESULTS]]


@lru_cache(maxsize=1)
def _index(texts: tuple[tuple[str, str], ...]) -> _Index:
    entries = []
    for slug, text in texts:
        page = BY_SLUG[slug]
        for passage in render(text).passages:
            counts = Counter(_words(passage.text))
            length = counts.total()
            for word in _words(passage.heading):
                counts[word] += _HEADING_WEIGHT
            if not passage.heading:
                for word in _words(f"{page.title} {page.summary}"):
                    counts[word] += _TITLE_WEIGHT
            entries.append(
                _Entry(
                    page,
                    passage.anchor,
                    passage.heading,
                    passage.text,
                    passage.terms,
                    counts,
                    length,
                )
            )
    frequencies = Counter(word for entry in entries for word in entry.counts)
    average = sum(entry.length for entry in entries) / max(1, len(entries))
    return _Index(tuple(entries), frequencies, average)


def _score(index: _Index, entry: _Entry, meant: list[dict[str, float]]) -> float:
    total = 0.0
    for words in meant:
        scores = (weight * _bm25(index, entry, word) for word, weight in words.items())
        best = max(scores, default=0.0)
        if best == 0.0:
            return 0.0
        total += best
    return total


def _bm25(index: _Index, entry: _Entry, word: str) -> float:
    count = entry.counts.get(word, 0)
    if not count:
        return 0.0
    containing = index.frequencies[word]
    rarity = math.log(1 + (len(index.entries) - containing + 0.5) / (containing + 0.5))
    saturation = count + _K1 * (1 - _B + _B * entry.length / index.average)
    return rarity * count * (_K1 + 1) / saturation


def _result(entry: _Entry, meant: list[dict[str, float]]) -> Result:
    words = set().union(*meant)
    return Result(entry.page, entry.anchor, entry.heading, tuple(_snippet(entry.text, words)))


def _snippet(text: str, words: set[str]) -> Iterator[tuple[str, bool]]:
    """About ``_SNIPPET`` characters of ``text`` around its first match."""
    matches = [found.span() for found in _WORD.finditer(text) if found[0].lower() in words]
    start = max(0, matches[0][0] - _SNIPPET // 3) if matches else 0
    if start:
        start = text.find(" ", start) + 1 or start
    end = min(len(text), start + _SNIPPET)
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + _SNIPPET // 2)
    if start:
        yield "…", False
    at = start
    for begin, stop in matches:
        if begin < at or stop > end:
            continue
        yield text[at:begin], False
        yield text[begin:stop], True
        at = stop
    yield text[at:end], False
    if end < len(text):
        yield "…", False


def _words(text: str) -> list[str]:
    return [found.lower() for found in _WORD.findall(text)]
