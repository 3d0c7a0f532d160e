"""Cuts a provider's key out of what the provider sends back.

Some providers, and more of the proxies before them, repeat the request's headers in an error. The
caller who reads the answer must not learn the key that the provider was asked with.
"""

_SHORTEST = 8
"""A shorter key would be found in texts that have nothing to do with it."""
_MARK = "[redacted]"


def redacted(text: str, secret: str) -> str:
    """A whole body without ``secret``."""
    return text.replace(secret, _MARK) if len(secret) >= _SHORTEST else text


class Redaction:
    """A ``Transform`` that redacts a stream, also where the key is split between two chunks.

    The length stays: it may have been declared. What looks like the key's beginning at the end of a
    chunk is held back until the next one.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode() if len(secret) >= _SHORTEST else b""
        self._held = b""

    def __call__(self, chunk: bytes) -> bytes:
        data, self._held = self._held + chunk, b""
        secret = self._secret
        if not secret or not chunk:
            return data
        if secret in data:
            data = data.replace(secret, b"*" * len(secret))
        if data.endswith(b"\n"):  # of an event, as a rule; a key holds none
            return data
        at = max(0, len(data) - len(secret) + 1)
        while (at := data.find(secret[:1], at)) >= 0:
            if secret.startswith(data[at:]):
                data, self._held = data[:at], data[at:]
                break
            at += 1
        return data
