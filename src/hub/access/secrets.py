"""Secrets of the door that are only ever compared, kept as keyed hashes: what lies in the database alone opens nothing.

They have one key in the hub's home, made once. It stays when the keys of `hub.keys` are changed: from a hash nobody can
make the hash under another key. What must be read again, the secrets of code apps, is encrypted by `hub.keys`.
"""

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import cache

from hub import places


@cache
def _key() -> bytes:
    path = places.home() / "access-key"
    with suppress(FileExistsError):
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
    return path.read_bytes()


def fingerprint(text: str, use: str) -> bytes:
    """A keyed hash of 32 bytes (HMAC-SHA-256), bound to `use`, for what is only ever compared."""
    return hmac.digest(_key(), f"{use}\0{text}".encode(), hashlib.sha256)


# Letters and digits that are not taken for one another when read from paper.
_ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"


def readable(groups: int, length: int) -> str:
    """Something random that a person can type: groups of letters and digits, about five bits each."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(length)) for _ in range(groups))
