"""A stream of bytes that only the holder of the recovery key can read, and nobody can change unnoticed.

The machine that makes backups keeps the public half alone, so whoever steals machine and backups together still cannot
read a backup, and a nightly job needs no secret. The private half, the recovery key, is shown once and kept on paper.

The file: a line of text; two bytes of length and the file's own key, sealed to the recovery key (HPKE, RFC 9180: X25519,
HKDF-SHA-256, AES-256-GCM); then the contents in pieces of 1 MiB, each sealed with AES-256-GCM under the file's key.
A piece's nonce is its number and whether it is the last (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár, 2015), so pieces cannot be exchanged, repeated or cut off.
"""

import base64
import hashlib
import hmac
import io
import secrets
from typing import BinaryIO, Protocol, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from hub.backup import BackupProblem

MARK = b"welfare-hub backup 1\n"
PIECE = 2**20  # bytes of contents sealed at once
_TAG = 16  # bytes AES-GCM adds to a piece
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_CHECK = 3  # bytes of checksum in a written key: 35 bytes are 56 letters and no padding


class WrongKey(BackupProblem):
    """The recovery key does not open this file."""


class Damaged(BackupProblem):
    """The file is not what was written."""


class PublicKey:
    """What a backup is sealed to. Not secret; who has it can make backups and read none."""

    def __init__(self, raw: bytes) -> None:
        self._key = X25519PublicKey.from_public_bytes(raw)

    @classmethod
    def read(cls, text: str) -> Self:
        """The key from its written form. Raises BackupProblem when a letter is wrong."""
        return cls(_from_letters(text, "public key"))

    def __str__(self) -> str:
        return _in_letters(self._key.public_bytes_raw(), "public key")

    def _seal(self, key: bytes) -> bytes:
        return _SUITE.encrypt(key, self._key, MARK)


class RecoveryKey:
    """What opens a backup. It is written as 14 groups of four letters and digits; a slip of the pen is noticed."""

    def __init__(self, raw: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(raw)

    @classmethod
    def new(cls) -> Self:
        """A fresh one, from the system's randomness."""
        return cls(secrets.token_bytes(32))

    @classmethod
    def read(cls, text: str) -> Self:
        """The key from its written form, however it is spaced. Raises BackupProblem when a letter is wrong."""
        return cls(_from_letters(text, "recovery key"))

    def __str__(self) -> str:
        return _in_letters(self._key.private_bytes_raw(), "recovery key")

    def __repr__(self) -> str:
        return "RecoveryKey(...)"  # a traceback or a log must not show it

    @property
    def public(self) -> PublicKey:
        """The half that the machine keeps."""
        return PublicKey(self._key.public_key().public_bytes_raw())

    def _open(self, sealed: bytes) -> bytes:
        return _SUITE.decrypt(sealed, self._key, MARK)


def _in_letters(raw: bytes, kind: str) -> str:
    letters = base64.b32encode(raw + _checksum(raw, kind)).decode()
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def _from_letters(text: str, kind: str) -> bytes:
    letters = "".join(text.upper().replace("-", " ").split())
    # Base32 has no 0, 1 and 8: who reads them off paper meant the letters.
    letters = letters.translate(str.maketrans("018", "OIB"))
    try:
        whole = base64.b32decode(letters)
    except ValueError:  # binascii.Error is one
        whole = b""
    raw, check = whole[:32], whole[32:]
    if len(raw) != 32 or not hmac.compare_digest(check, _checksum(raw, kind)):
        raise BackupProblem(
            f"This is not a {kind}: it has 14 groups of four letters and digits, and a letter of it is wrong "
            "or missing. Compare it with the paper."
        )
    return raw


def _checksum(raw: bytes, kind: str) -> bytes:
    return hashlib.sha256(kind.encode() + raw).digest()[:_CHECK]


class Sink(Protocol):
    """Whatever bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Take these bytes."""


class Sealing:
    """Write to it; what reaches `file` is sealed. `finish` writes the last piece and leaves `file` open."""

    def __init__(self, file: Sink, key: PublicKey) -> None:
        self._file = file
        secret = AESGCM.generate_key(256)
        self._cipher = AESGCM(secret)
        self._number = 0
        self._waiting = bytearray()
        sealed = key._seal(secret)
        file.write(MARK + len(sealed).to_bytes(2) + sealed)

    def write(self, data: bytes) -> int:
        """Seal these bytes, now or with the next ones."""
        self._waiting += data
        # One byte must stay behind, for which piece is the last is known only at the end.
        while len(self._waiting) > PIECE:
            self._put(bytes(self._waiting[:PIECE]), last=False)
            del self._waiting[:PIECE]
        return len(data)

    def finish(self) -> None:
        """Write the last piece; without it a reader knows that the file is cut off."""
        self._put(bytes(self._waiting), last=True)

    def _put(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class Unsealing(io.RawIOBase):
    """Read from it what was sealed into `file`.

    Raises WrongKey at once, and Damaged from `read` at the first piece that is not as it was written: nothing of a
    damaged piece is ever handed out.
    """

    def __init__(self, file: BinaryIO, key: RecoveryKey) -> None:
        self._file = file
        if file.read(len(MARK)) != MARK:
            raise Damaged(f"{_name(file)} is not a backup of a hub, or its beginning is damaged.")
        sealed = file.read(int.from_bytes(file.read(2)))
        try:
            secret = key._open(sealed)
        except InvalidTag:
            raise WrongKey(
                f"This recovery key does not open {_name(file)}. Take the key that was shown when its backups began; "
                "if it is the right one, the beginning of the file is damaged: take another backup."
            ) from None
        self._cipher = AESGCM(secret)
        self._number = 0
        self._ready = b""
        self._next = file.read(PIECE + _TAG)
        self._over = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """At most one piece at a time; 0 at the end."""
        while not self._ready and not self._over:
            self._ready = self._piece()
        taken = self._ready[: len(buffer)]
        buffer[: len(taken)] = taken
        self._ready = self._ready[len(taken) :]
        return len(taken)

    def _piece(self) -> bytes:
        piece, self._next = self._next, self._file.read(PIECE + _TAG)
        self._over = not self._next
        try:
            opened = self._cipher.decrypt(_nonce(self._number, self._over), piece, None)
        except InvalidTag:
            raise Damaged(
                f"{_name(self._file)} is damaged or cut off after {self._number} MiB: it is not what was written. "
                "Nothing was changed. Copy it again from where it is kept, or take an older backup."
            ) from None
        self._number += 1
        return opened


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11) + bytes([last])


def _name(file: BinaryIO) -> str:
    return str(getattr(file, "name", "the backup"))
