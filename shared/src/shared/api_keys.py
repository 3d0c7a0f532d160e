"""API keys: format, offline check, and the hash under which a key is stored.

A key is ``lgw_`` + 32 random base62 characters (190 bits) + 6 base62 characters of CRC-32 over
everything before them. The checksum lets the edge refuse a mistyped key without asking anybody,
and lets secret scanners recognise a leaked one. Only ``key_hash`` is ever stored.
"""

import hashlib
import hmac
import zlib
from functools import lru_cache

PREFIX = "lgw_"
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_RANDOM_LENGTH = 32
_CHECK_LENGTH = 6
LENGTH = len(PREFIX) + _RANDOM_LENGTH + _CHECK_LENGTH


def generate() -> str:
    """A new key. Not for module level in a Worker: randomness exists only inside a request."""
    import secrets

    body = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    return body + _checksum(body)


def well_formed(key: str) -> bool:
    """True when prefix, length, alphabet and checksum are right; says nothing of validity."""
    if len(key) != LENGTH or not key.startswith(PREFIX) or not key.isascii():
        return False
    return _checksum(key[:-_CHECK_LENGTH]) == key[-_CHECK_LENGTH:]


def key_hash(key: str, pepper: bytes) -> str:
    """Hex HMAC-SHA256 of ``key`` under the deployment's ``pepper``."""
    keyed = _keyed(pepper).copy()
    keyed.update(key.encode())
    return keyed.hexdigest()


@lru_cache(maxsize=8)
def _keyed(pepper: bytes) -> hmac.HMAC:
    """Setting one up costs many times what a key's hash does."""
    return hmac.new(pepper, digestmod=hashlib.sha256)


def prefix(key: str) -> str:
    """The part that may be shown next to a key's name: ``lgw_`` and four characters."""
    return key[: len(PREFIX) + 4]


def last4(key: str) -> str:
    """The last four characters, shown so that an owner can tell two keys apart."""
    return key[-4:]


def _checksum(body: str) -> str:
    value = zlib.crc32(body.encode())
    digits = ""
    for _ in range(_CHECK_LENGTH):
        value, remainder = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[remainder] + digits
    return digits
