"""The key ring: one file, AES-256-GCM to encrypt and HMAC-SHA256 to look up by.

A stored value says by itself which key made it, so values under an old and a new key live side by side:

    encrypted     01 | key id (4) | nonce (12) | ciphertext, as long as the plain value | tag (16)
    blind index   01 | key id (4) | HMAC-SHA256 (32)

Bound into each encrypted value, though not stored with it, are its purpose and its place ("table.column.record"): a
value that is copied to another record, column or purpose does not open there. Nonces are random; one key may make
2^32 values (NIST SP 800-38D, 8.3), which is ten thousand times a district.

No secret is used as it is. For each purpose, such as "people.identity_number", its own key is derived with HKDF-SHA256
(RFC 5869), so that what is made for one purpose means nothing to another. A key's id is derived from its secret, too: a
damaged file is noticed when it is read and not when the first value fails.

The file is read once and again when it has changed, so web servers and workers follow a rotation without a restart.
"""

import contextlib
import fcntl
import hmac
import json
import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub import places

LAYOUT = b"\x01"
SECRET, ID, NONCE, TAG, HASH = 32, 4, 12, 16, 32  # bytes
HEAD = len(LAYOUT) + ID
ID_AT = len(LAYOUT) + 1  # where SQL's substring finds the key id, counted from 1


class Use(StrEnum):
    """What a key is for."""

    ENCRYPT = "encrypt"
    INDEX = "index"  # blind indexes


class State(StrEnum):
    """Where a key is in its life. Of each use exactly one is active."""

    ACTIVE = "active"  # makes new values
    OLD = "old"  # reads what it made, makes nothing new
    RETIRED = "retired"  # its secret is destroyed; the line stays as the record of it


class KeyProblem(Exception):
    """Keys and stored values do not fit together; the message says what, where and how to mend it, and no secret."""


class UnknownKey(KeyProblem):
    """A value was made with a key whose secret is not on this ring."""


@dataclass(frozen=True)
class Key:
    """One key. `secret` is None once the key is retired."""

    id: bytes
    use: Use
    state: State
    created: datetime
    retired: datetime | None = None
    secret: bytes | None = field(default=None, repr=False)

    @property
    def name(self) -> str:
        """The id as people read and type it: eight hexadecimal digits."""
        return self.id.hex()


class Ring:
    """All keys of this hub, at one moment. Cheap to keep, safe to share between threads, never shown."""

    def __init__(self, keys: tuple[Key, ...], path: Path) -> None:
        self.keys = keys
        self.path = path
        self._by_id = {key.id: key for key in keys}
        self._derived: dict[tuple[bytes, str], bytes] = {}
        self._ciphers: dict[tuple[bytes, str], AESGCM] = {}

    def active(self, use: Use) -> Key:
        """The key that makes new values of this use."""
        return next(key for key in self.keys if key.use is use and key.state is State.ACTIVE)

    def living(self, use: Use) -> list[Key]:
        """The keys whose secret is there, the active one first."""
        return sorted(
            (key for key in self.keys if key.use is use and key.secret is not None),
            key=lambda key: key.state is not State.ACTIVE,
        )

    def encrypt(self, purpose: str, plain: bytes, place: str) -> bytes:
        """`plain` under the active key, bound to its purpose and its place ("table.column.record")."""
        key = self.active(Use.ENCRYPT)
        head, nonce = LAYOUT + key.id, secrets.token_bytes(NONCE)
        return head + nonce + self._cipher(key, purpose).encrypt(nonce, plain, _bound(head, purpose, place))

    def decrypt(self, purpose: str, stored: bytes, place: str) -> bytes:
        """The plain value again.

        Raises UnknownKey, and KeyProblem when the value was altered or belongs to another purpose or place.
        """
        head, nonce, body = stored[:HEAD], stored[HEAD : HEAD + NONCE], stored[HEAD + NONCE :]
        if head[: len(LAYOUT)] != LAYOUT or len(body) < TAG:
            raise KeyProblem(f"{place}: this is no encrypted value of this hub.")
        key = self._known(key_of(stored), Use.ENCRYPT, place)
        try:
            return self._cipher(key, purpose).decrypt(nonce, body, _bound(head, purpose, place))
        except InvalidTag:
            raise KeyProblem(
                f"{place}: the encrypted value was altered or belongs to another record. "
                "Restore the record from a backup; the other records are not concerned."
            ) from None

    def blind_index(self, purpose: str, plain: bytes) -> bytes:
        """What `plain` is looked up by: the same for the same value, and nothing can be read from it without the key."""
        return self._blind_index(self.active(Use.INDEX), purpose, plain)

    def blind_indexes(self, purpose: str, plain: bytes) -> list[bytes]:
        """The blind index of `plain` under each living key, for looking up while a rotation is under way."""
        return [self._blind_index(key, purpose, plain) for key in self.living(Use.INDEX)]

    def _blind_index(self, key: Key, purpose: str, plain: bytes) -> bytes:
        return LAYOUT + key.id + hmac.digest(self._key_for(key, purpose), plain, "sha256")

    def _known(self, number: bytes, use: Use, place: str) -> Key:
        key = self._by_id.get(number)
        if key is None or key.use is not use:
            raise UnknownKey(
                f"{place}: made with key {number.hex()}, which is not in {self.path}. "
                "Put the key file that belongs to this database back from its backup; nothing is lost meanwhile."
            )
        if key.secret is None:
            when = f" on {key.retired:%Y-%m-%d}" if key.retired else ""
            raise UnknownKey(f"{place}: made with key {key.name}, which was retired{when} and is destroyed.")
        return key

    def _key_for(self, key: Key, purpose: str) -> bytes:
        derived = self._derived.get((key.id, purpose))
        if derived is None:
            assert key.secret is not None, "callers take living keys only"
            derived = self._derived[key.id, purpose] = _derive(key.secret, purpose)
        return derived

    def _cipher(self, key: Key, purpose: str) -> AESGCM:
        cipher = self._ciphers.get((key.id, purpose))
        if cipher is None:
            cipher = self._ciphers[key.id, purpose] = AESGCM(self._key_for(key, purpose))
        return cipher


def key_of(stored: bytes) -> bytes:
    """The id of the key that made a stored value."""
    return stored[len(LAYOUT) : HEAD]


def _derive(secret: bytes, label: str, length: int = SECRET) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"welfare-hub/1/" + label.encode()).derive(secret)


def _bound(head: bytes, purpose: str, place: str) -> bytes:
    return b"\0".join((head, purpose.encode(), place.encode()))


# -- the file --------------------------------------------------------------------------------------------------

_held: tuple[object, Ring] | None = None


def ring() -> Ring:
    """The keys as the file has them now. Raises KeyProblem when it is missing, damaged or open to others."""
    global _held
    path = places.KEYS
    try:
        state = os.stat(path)
    except FileNotFoundError:
        raise KeyProblem(
            f"The key file {path} is missing; what is encrypted cannot be read. Put it back from its backup. "
            "Only a hub that has nothing encrypted yet begins a new one, by itself, when it is served."
        ) from None
    except OSError as problem:
        raise KeyProblem(f"The key file {path} cannot be reached: {problem.strerror}.") from None
    seen = (path, state.st_ino, state.st_mtime_ns, state.st_size)
    held = _held
    if held is None or held[0] != seen:
        held = _held = (seen, _read(path))
    return held[1]


def begin() -> bool:
    """Make the first keys where there is no file yet; returns whether it did. Others may call it at the same time."""
    with _locked(places.KEYS):
        if places.KEYS.exists():
            return False
        _write(places.KEYS, tuple(_new(use) for use in Use))
        return True


def add(use: Use) -> Key:
    """A new active key; the one before becomes old. Values are moved by `rotation.move_on`."""
    with _locked(places.KEYS):
        made = _new(use)
        before = (
            replace(key, state=State.OLD) if key.use is use and key.state is State.ACTIVE else key
            for key in ring().keys
        )
        _write(places.KEYS, (*before, made))
    return made


def destroy(number: bytes) -> Key:
    """Take an old key's secret off the ring. Nothing brings it back: callers make sure that nothing uses it."""
    with _locked(places.KEYS):
        keys = ring().keys
        old = next(key for key in keys if key.id == number and key.state is State.OLD)
        gone = replace(old, state=State.RETIRED, retired=datetime.now(UTC), secret=None)
        _write(places.KEYS, tuple(gone if key is old else key for key in keys))
    return gone


def _new(use: Use) -> Key:
    secret = secrets.token_bytes(SECRET)
    return Key(_id_of(secret), use, State.ACTIVE, datetime.now(UTC), secret=secret)


def _id_of(secret: bytes) -> bytes:
    return _derive(secret, "key id", ID)


def _read(path: Path) -> Ring:
    try:
        with open(path, "rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                raise KeyProblem(f"The key file {path} is open to other accounts. Close it: chmod 600 {path}")
            keys = tuple(_key(line) for line in json.load(file)["keys"])
    except OSError as problem:
        raise KeyProblem(f"The key file {path} cannot be read: {problem.strerror}.") from None
    except (ValueError, KeyError, TypeError):
        raise _damaged(path) from None
    active = [key.use for key in keys if key.state is State.ACTIVE]
    ids = {key.id for key in keys}
    sound = all(key.secret is None or key.id == _id_of(key.secret) for key in keys)
    if not sound or len(ids) != len(keys) or sorted(active) != sorted(Use):
        raise _damaged(path)
    return Ring(keys, path)


def _damaged(path: Path) -> KeyProblem:
    return KeyProblem(f"The key file {path} is damaged. Put it back from its backup; do not edit it.")


def _key(line: dict[str, Any]) -> Key:
    state = State(line["state"])
    return Key(
        id=bytes.fromhex(line["id"]),
        use=Use(line["use"]),
        state=state,
        created=datetime.fromisoformat(line["created"]),
        retired=datetime.fromisoformat(line["retired"]) if state is State.RETIRED else None,
        secret=None if state is State.RETIRED else b64decode(line["secret"], validate=True),
    )


def _line(key: Key) -> dict[str, str]:
    line = {"id": key.name, "use": key.use, "state": key.state, "created": key.created.isoformat()}
    if key.retired is not None:
        line["retired"] = key.retired.isoformat()
    if key.secret is not None:
        line["secret"] = b64encode(key.secret).decode()
    return line


def _write(path: Path, keys: tuple[Key, ...]) -> None:
    """Replace the file in one step that survives a loss of power: there is always an old or a new one, whole."""
    text = json.dumps({"format": 1, "keys": [_line(key) for key in keys]}, indent=1) + "\n"
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change of the file at a time, whoever makes it."""
    if path.parent == places.HOME:
        places.home()
    try:
        lock = os.open(path.with_name(path.name + ".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as problem:
        raise KeyProblem(f"The key file {path} cannot be changed here: {problem.strerror}.") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
