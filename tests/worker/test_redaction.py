"""A key in a stream, wherever its chunks are cut."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.providers.redaction import Redaction, redacted

SECRET = "sk-sk-0123sk-"
_PIECES = st.lists(st.sampled_from([SECRET, SECRET[:5], "s", "sk-", "sk-sk-0", "\n", "other "]))


@given(_PIECES, st.lists(st.integers(0, 200)))
def test_it_is_cut_out_at_any_cut_and_nothing_else_changes(
    pieces: list[str], cuts: list[int]
) -> None:
    text = "".join(pieces).encode()
    redact = Redaction(SECRET)
    places = sorted({min(cut, len(text)) for cut in cuts} | {0, len(text)})
    chunks = [text[start:end] for start, end in pairwise(places)]
    told = b"".join([redact(chunk) for chunk in chunks if chunk] + [redact(b"")])
    assert told == text.replace(SECRET.encode(), b"*" * len(SECRET))


def test_an_event_is_never_held_back() -> None:
    redact = Redaction(SECRET)
    for event in (b"data: 1\n\n", b"data: sk-\n\n"):
        assert redact(event) == event


def test_a_key_that_is_hardly_one_is_left_alone() -> None:
    assert redacted("a dummy", "dummy") == "a dummy"
    assert Redaction("dummy")(b"a dummy") == b"a dummy"
