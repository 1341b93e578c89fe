"""Heads of the audit trail outside this machine: the only thing that shows a tail cut off, or a database put back.

A head says how many records there were and the link of the last. Each is appended to a file of its day in the folder
HUB_AUDIT_HEADS names, which should be a disk, a mount or a write-once share that whoever can change the database cannot
change. Where nothing is named, heads go into the hub's home, and every page that shows them says they have not left.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from hub import places
from hub.access.models import Head

NO_LINK = bytes(32)  # what the first record is linked to


@dataclass(frozen=True)
class Sealed:
    """A head: the number of records so far, the link of the last, when, and the root of the tree over them all."""

    position: int
    link: bytes
    at: datetime
    root: bytes = b""  # of heads from before there was a tree
    signature: bytes = b""


@dataclass(frozen=True)
class Standing:
    """Where the heads are: whether the folder lies on another disk than the hub, and what was sent last."""

    elsewhere: bool
    reachable: bool
    last: Sealed | None
    behind: int  # heads in the database that have not been sent


def folder() -> Path:
    """Where heads are sent to."""
    return Path(settings.AUDIT_HEADS)


def send() -> int:
    """Append every head that is not outside yet; returns how many. Raises OSError when the folder cannot be written.

    What was sent is read from the folder itself, so nothing is lost when the folder was away for a while.
    """
    last = last_outside()
    waiting = Head.objects.filter(position__gt=last.position if last else 0).order_by("position")
    lines: dict[str, list[str]] = {}
    for head in waiting:
        said = {
            "position": head.position,
            "link": bytes(head.link).hex(),
            "at": head.at.isoformat(),
            "root": bytes(head.root).hex(),
            "signature": bytes(head.signature).hex(),
        }
        lines.setdefault(f"heads-{head.at:%Y-%m-%d}.jsonl", []).append(json.dumps(said) + "\n")
    if lines:
        if not settings.AUDIT_HEADS_NAMED:
            places.private_folder(folder())
        for name, of_day in lines.items():
            _append(folder() / name, "".join(of_day).encode())
    return sum(map(len, lines.values()))


def _append(path: Path, lines: bytes) -> None:
    # A folder somebody named is never made: a mount that is away must be noticed, not written under.
    with open(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "r+b") as file:
        if file.seek(0, os.SEEK_END) and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n":
            lines = b"\n" + lines  # the line before was cut off in writing
        file.write(lines)
        file.flush()
        os.fsync(file.fileno())


def outside(where: Path | None = None) -> Iterator[Sealed]:
    """Every head outside, or in another folder, oldest first. A line cut off in writing is left out; its head was sent again."""
    for path in sorted((where or folder()).glob("heads-*.jsonl")):
        with open(path, "rb") as file:
            for line in file:
                head = _read(line)
                if head is not None:
                    yield head


def last_outside() -> Sealed | None:
    """The newest head outside."""
    for path in sorted(folder().glob("heads-*.jsonl"), reverse=True):
        with open(path, "rb") as file:
            read = [head for line in file if (head := _read(line)) is not None]
        if read:
            return read[-1]
    return None


def _read(line: bytes) -> Sealed | None:
    try:
        said = json.loads(line)
        return Sealed(
            int(said["position"]),
            bytes.fromhex(said["link"]),
            datetime.fromisoformat(said["at"]),
            bytes.fromhex(said.get("root", "")),
            bytes.fromhex(said["signature"]),
        )
    except (ValueError, KeyError, TypeError):
        return None


def standing() -> Standing:
    """How the heads stand, for pages, reports and `hub audit heads`."""
    last = last_outside()
    behind = Head.objects.filter(position__gt=last.position if last else 0).count()
    try:
        elsewhere = folder().stat().st_dev != places.home().stat().st_dev
    except OSError:
        return Standing(elsewhere=False, reachable=not settings.AUDIT_HEADS_NAMED, last=last, behind=behind)
    return Standing(elsewhere=elsewhere, reachable=os.access(folder(), os.W_OK), last=last, behind=behind)
