"""WordPiece as BERT's uncased tokeniser does it (greedy, longest piece first)."""

import re
import unicodedata

_WORDS = re.compile(r"[^\W_]+|[^\w\s]|_").findall
_LONGEST_WORD = 100  # characters; BERT calls longer ones unknown
_REMEMBERED = 20_000  # words kept with their pieces, a few MB at most


class WordPiece:
    """Text to token numbers. Not tied to a table: give it any vocabulary with "[UNK]" in it."""

    def __init__(self, vocabulary: dict[str, int]) -> None:
        self._vocabulary = vocabulary
        self._unknown = vocabulary["[UNK]"]
        self._pieces: dict[str, tuple[int, ...]] = {}

    def __call__(self, text: str) -> list[int]:
        """Token numbers of a text, without [CLS] and [SEP]."""
        ids: list[int] = []
        known = self._pieces
        for word in _WORDS(fold(text)):
            pieces = known.get(word)
            ids.extend(self.word(word) if pieces is None else pieces)
        return ids

    def word(self, word: str) -> tuple[int, ...]:
        """Pieces of one folded word."""
        pieces = self._pieces.get(word)
        if pieces is None:
            pieces = self._split(word)
            if len(self._pieces) < _REMEMBERED:
                self._pieces[word] = pieces
        return pieces

    def _split(self, word: str) -> tuple[int, ...]:
        find = self._vocabulary.get
        size = len(word)
        if size > _LONGEST_WORD:
            return (self._unknown,)
        start = 0
        pieces: list[int] = []
        while start < size:
            end = size
            piece = None
            while end > start:
                piece = find(word[start:end] if start == 0 else "##" + word[start:end])
                if piece is not None:
                    break
                end -= 1
            if piece is None:
                return (self._unknown,)
            pieces.append(piece)
            start = end
        return tuple(pieces)


def fold(text: str) -> str:
    """Lower case, accents removed."""
    lowered = text.lower()
    if lowered.isascii():
        return lowered
    decomposed = unicodedata.normalize("NFD", lowered)
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")
