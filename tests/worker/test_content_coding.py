"""Decoding request bodies: the same text whatever the coding, and no more of it than the limit."""

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd

from gateway.core import errors
from hosts import content_coding
from hosts.content_coding import BodyReader

TEXT = '{"text": "déjà vu"}' * 10_000
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "GZIP ": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstd.compress,
    "identity": bytes,
}
COMPRESSING = ("gzip", "deflate", "br", "zstd")


def read(coding: str | None, body: bytes, *, limit: int = 10**6, pieces: int = 10**9) -> str:
    reader = BodyReader(coding, limit)
    for start in range(0, len(body), pieces):
        reader.feed(body[start : start + pieces])
    return reader.text()


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("pieces", [7, 10**9])
def test_each_coding(coding: str, pieces: int) -> None:
    packed = CODINGS[coding](TEXT.encode())
    assert read(coding, packed, pieces=pieces if len(packed) < 10_000 else 997) == TEXT


def test_without_a_coding_and_with_a_byte_order_mark() -> None:
    assert read(None, TEXT.encode()) == TEXT
    assert read(None, b"\xef\xbb\xbf{}") == "{}"
    assert read("gzip", gzip.compress(b"\xef\xbb\xbf{}")) == "{}"
    assert read(None, b"") == ""
    with pytest.raises(errors.InvalidJson, match="UTF-8"):
        read(None, b"\xff")


@pytest.mark.parametrize("coding", COMPRESSING)
def test_what_comes_out_is_counted(coding: str) -> None:
    size = len(TEXT.encode())
    packed = CODINGS[coding](TEXT.encode())
    assert len(packed) < size // 100
    assert read(coding, packed, limit=size) == TEXT
    reader = BodyReader(coding, size - 1)
    with pytest.raises(errors.BodyTooLarge):
        reader.feed(packed)


def test_a_decoder_is_not_asked_for_more_than_the_limit() -> None:
    """A small body may stand for a huge one: it is given up at the piece that crosses the limit."""
    packed = gzip.compress(bytes(5_000_000))
    reader = BodyReader("gzip", 100_000)
    with pytest.raises(errors.BodyTooLarge):
        reader.feed(packed)
    assert sum(map(len, reader.pieces)) <= 100_000


def test_what_arrives_is_counted_too() -> None:
    reader = BodyReader("gzip", 100)
    with pytest.raises(errors.BodyTooLarge):
        reader.feed(gzip.compress(b"", 0) * 10)


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_a_few_members_are_one_body_and_many_are_refused(coding: str) -> None:
    member = CODINGS[coding](b"ab")
    assert read(coding, member * 3) == "ababab"
    assert read(coding, member * 3, pieces=5) == "ababab"
    with pytest.raises(errors.InvalidJson):
        read(coding, member * 17)


@pytest.mark.parametrize("coding", COMPRESSING)
def test_what_is_not_of_its_coding(coding: str) -> None:
    packed = CODINGS[coding](TEXT.encode())
    for broken in (packed[: len(packed) // 2], b"", b"no such thing"):
        with pytest.raises(errors.InvalidJson, match="content-encoding"):
            read(coding, broken)


@pytest.mark.parametrize("coding", ["lzma", "gzip, gzip", ""])
def test_an_unknown_coding_names_those_that_are_taken(coding: str) -> None:
    if not coding:
        assert read(coding, b"{}") == "{}"
        return
    with pytest.raises(errors.UnsupportedEncoding) as raised:
        BodyReader(coding, 100)
    taken = dict(raised.value.headers)["accept-encoding"]
    assert taken == ", ".join(content_coding.taken()) == "gzip, x-gzip, deflate, br, zstd"
