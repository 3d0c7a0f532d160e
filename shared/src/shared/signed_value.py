"""Values in Redis that only a holder of ``API_KEY_PEPPER`` can have written.

Redis never sees the pepper, so whoever can write to it can withhold or delete such a value and not
make one up: ``v1.<HMAC-SHA256 in hex>.<text>``. The MAC covers the key under which the value lies,
so a value copied to another key is none. What does not carry the MAC, a value of another version
among it, reads as absent. Why: docs/adr/0205.
"""

import hashlib
import hmac

_VERSION = "v1"


def sign(pepper: bytes, redis_key: str, text: str) -> str:
    """The value to store at ``redis_key``."""
    return f"{_VERSION}.{_mac(pepper, redis_key, text)}.{text}"


def read(pepper: bytes, redis_key: str, value: str) -> str | None:
    """The text, or None when the value was not signed for this key."""
    version, _, rest = value.partition(".")
    mac, _, text = rest.partition(".")
    if version != _VERSION or not mac.isascii():
        return None
    return text if hmac.compare_digest(mac, _mac(pepper, redis_key, text)) else None


def _mac(pepper: bytes, redis_key: str, text: str) -> str:
    # A key of its own: the pepper also makes the hashes of API keys, which Redis does see.
    key = hmac.new(pepper, b"watchllm: values in Redis", hashlib.sha256).digest()
    return hmac.new(key, f"{redis_key}\n{text}".encode(), hashlib.sha256).hexdigest()
