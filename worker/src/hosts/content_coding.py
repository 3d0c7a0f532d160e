"""Request bodies with a ``content-encoding``, decoded while they are read (RFC 9110, 8.4).

What a host can decode depends on what is installed: gzip and deflate everywhere, br and zstd where
there is a decoder. Compressed and decompressed bytes are both counted, piece by piece: a few
kilobytes can decompress to gigabytes.
"""

import zlib
from codecs import BOM_UTF8
from collections.abc import Callable
from importlib import import_module
from typing import Any

from gateway.core import errors

_PIECE = 2**16
_MOST_PARTS = 16
"""Members of gzip, frames of zstd. Clients send one; each costs a new decoder."""
_EITHER_HEADER = zlib.MAX_WBITS | 32
"""Window bits that accept gzip's header and zlib's, which ``deflate`` means."""
_ZSTD_MODULES = ("compression.zstd", "backports.zstd")


def _check_parts(parts: int) -> None:
    if parts > _MOST_PARTS:
        raise ValueError("too many members")


class _Zlib:
    def __init__(self) -> None:
        self._inner = zlib.decompressobj(_EITHER_HEADER)
        self._rest = b""
        self._parts = 1

    def feed(self, data: bytes) -> bytes:
        """At most ``_PIECE`` bytes; with ``b""`` what is left of earlier data."""
        data = self._rest + data
        if self._inner.eof and data:  # gzip may have several members
            self._parts += 1
            _check_parts(self._parts)
            self._inner = zlib.decompressobj(_EITHER_HEADER)
        made = self._inner.decompress(data, _PIECE)
        self._rest = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
        return made

    @property
    def hungry(self) -> bool:
        return not self._rest

    @property
    def complete(self) -> bool:
        return self._inner.eof and not self._rest


class _Zstd:
    def __init__(self, module: Any) -> None:
        self._new: Callable[[], Any] = module.ZstdDecompressor
        self._inner = self._new()
        self._parts = 1

    def feed(self, data: bytes) -> bytes:
        """As above."""
        if self._inner.eof:  # the next frame
            data = self._inner.unused_data + data
            if not data:
                return b""
            self._parts += 1
            _check_parts(self._parts)
            self._inner = self._new()
        made: bytes = self._inner.decompress(data, max_length=_PIECE)
        return made

    @property
    def hungry(self) -> bool:
        return not self._inner.unused_data if self._inner.eof else bool(self._inner.needs_input)

    @property
    def complete(self) -> bool:
        return bool(self._inner.eof) and not self._inner.unused_data


class _Brotli:
    def __init__(self, module: Any) -> None:
        self._inner = module.Decompressor()
        self._full = False

    def feed(self, data: bytes) -> bytes:
        """As above."""
        made: bytes = self._inner.process(data, output_buffer_limit=_PIECE)
        self._full = len(made) >= _PIECE  # there may be more of it, though all input was taken
        return made

    @property
    def hungry(self) -> bool:
        return not self._full and bool(self._inner.can_accept_more_data())

    @property
    def complete(self) -> bool:
        return bool(self._inner.is_finished())


_Codec = _Zlib | _Zstd | _Brotli


def _zstd() -> _Codec | None:
    for name in _ZSTD_MODULES:
        try:
            return _Zstd(import_module(name))
        except ImportError:
            continue
    return None


def _brotli() -> _Codec | None:
    try:
        return _Brotli(import_module("brotli"))
    except ImportError:
        return None


_CODECS: dict[str, Callable[[], _Codec | None]] = {
    "gzip": _Zlib,
    "x-gzip": _Zlib,
    "deflate": _Zlib,
    "br": _brotli,
    "zstd": _zstd,
}


class BodyReader:
    """Collects a body's chunks, decoded, as ``pieces``.

    ``limit``: the most bytes that may arrive, and the most that may come out of them.

    Raises ``UnsupportedEncoding`` for a coding that this host does not know.
    """

    def __init__(self, coding: str | None, limit: int) -> None:
        self._codec = _codec(coding)
        self._limit = limit
        self._arrived = 0
        self._size = 0
        self.pieces: list[bytes] = []

    def feed(self, chunk: bytes) -> None:
        """Raises ``BodyTooLarge``, or ``InvalidJson`` for what is not of the coding."""
        self._arrived += len(chunk)
        if self._arrived > self._limit:
            raise errors.too_large(self._limit)
        if self._codec is None:
            self._keep(chunk)
            return
        try:
            for start in range(0, len(chunk), _PIECE):
                self._keep(self._codec.feed(chunk[start : start + _PIECE]))
                while not self._codec.hungry:
                    self._keep(self._codec.feed(b""))
        except errors.GatewayError:
            raise
        except Exception as error:  # each decoder has an exception of its own
            raise _undecodable() from error

    def text(self) -> str:
        """The whole body, without a byte order mark. Raises ``InvalidJson``."""
        if self._codec is not None and not self._codec.complete:
            raise _undecodable()
        try:
            # Python's "utf-8-sig" takes several times as long.
            return b"".join(self.pieces).removeprefix(BOM_UTF8).decode()
        except UnicodeDecodeError as error:
            raise errors.InvalidJson("The body of your request is not valid UTF-8.") from error

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._limit:
            raise errors.too_large(self._limit)
        self.pieces.append(piece)


def taken() -> list[str]:
    """The codings that this host decodes."""
    return [name for name, make in _CODECS.items() if make() is not None]


def _codec(coding: str | None) -> _Codec | None:
    name = (coding or "identity").strip().lower()
    if name == "identity":
        return None
    make = _CODECS.get(name)
    codec = make() if make else None
    if codec is None:
        names = ", ".join(taken())
        raise errors.UnsupportedEncoding(
            f"The content-encoding of your request is not supported. Taken are: {names}.",
            headers=[("accept-encoding", names)],
        )
    return codec


def _undecodable() -> errors.InvalidJson:
    return errors.InvalidJson(
        "The body of your request could not be decoded as its content-encoding says."
    )
