"""What clients carry for us and are not to read: keyed with the project's ``SECRET_KEY``."""

from __future__ import annotations

import functools
import hashlib
import secrets
from itertools import count

from django.conf import settings as django_settings

NONCE = 16
_BLOCK = 64


def key(purpose: str) -> bytes:
    """A key for one purpose alone, of 32 bytes."""
    return _key(django_settings.SECRET_KEY, purpose)


def hide(data: bytes) -> bytes:
    """``data`` as nobody can read it who does not have the key; different each time.

    Like any stream cipher it does not keep anybody from changing it: that takes a signature.
    """
    nonce = secrets.token_bytes(NONCE)
    return nonce + _combined(data, nonce)


def reveal(data: bytes) -> bytes:
    """What was hidden; nonsense where that was done with another key."""
    return _combined(data[NONCE:], data[:NONCE])


def _combined(data: bytes, nonce: bytes) -> bytes:
    """Data and a stream of keyed BLAKE2b hashes of a counter, by exclusive or."""
    stream, hidden = b"", key("hide")
    for number in count():
        if len(stream) >= len(data):
            break
        block = nonce + number.to_bytes(8, "big")
        stream += hashlib.blake2b(block, digest_size=_BLOCK, key=hidden).digest()
    numbers = (int.from_bytes(part, "big") for part in (data, stream[: len(data)]))
    return (next(numbers) ^ next(numbers)).to_bytes(len(data), "big")


@functools.lru_cache(16)
def _key(secret: str | bytes, purpose: str) -> bytes:
    data = secret if isinstance(secret, bytes) else secret.encode()
    return hashlib.blake2b(data, digest_size=32, key=purpose.encode()).digest()


__all__ = ["hide", "key", "reveal"]
