"""Secrets of the door, sealed at rest: what lies in the database alone opens nothing.

One key in the hub's home, made once. Each use of it has a name, so that what was sealed for one purpose or one user
cannot be put in the place of another.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub import places

_NONCE = 12  # bytes, as AES-GCM wants it


@cache
def _key() -> bytes:
    path = places.home() / "access-key"
    with suppress(FileExistsError):
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()


def seal(secret: bytes, use: str) -> bytes:
    """Encrypt with AES-256-GCM, bound to `use`, such as "totp:17"."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + AESGCM(_key()).encrypt(nonce, secret, use.encode())


def unseal(sealed: bytes | memoryview, use: str) -> bytes:
    """What was sealed. Raises `cryptography.exceptions.InvalidTag` for another use, another key or a changed byte."""
    sealed = bytes(sealed)
    return AESGCM(_key()).decrypt(sealed[:_NONCE], sealed[_NONCE:], use.encode())


def fingerprint(text: str, use: str) -> bytes:
    """A keyed hash of 32 bytes (HMAC-SHA-256), for what is only ever compared."""
    return hmac.digest(_key(), f"{use}\0{text}".encode(), hashlib.sha256)


# Letters and digits that are not taken for one another when read from paper.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def readable(groups: int, length: int) -> str:
    """Something random that a person can type: groups of letters and digits, about five bits each."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(length)) for _ in range(groups))
