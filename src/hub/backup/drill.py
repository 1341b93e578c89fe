"""The drill: back up, restore into a scratch server, compare. A backup nobody has restored is a hope.

It runs beside the working hub and touches nothing of it. Each drill leaves one line in `drills.jsonl` of the home: when,
how long the restore took, what was compared. That file is the evidence of the disaster manual (the notice on safety
measures for personal data, art. 11).
"""

import json
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hub.backup import access, making, restoring
from hub.backup.access import FullAccess
from hub.backup.making import SCRATCH, Manifest, Tell
from hub.backup.restoring import Check
from hub.backup.sealed import RecoveryKey
from hub.postgres import Embedded

RECORDS = "drills.jsonl"


@dataclass(frozen=True)
class Outcome:
    """What a drill found. Times in seconds."""

    at: datetime
    file: str  # "" for a backup made for the drill
    bytes: int
    backing_up: float | None
    restoring: float  # from the closed file to a checked hub: the recovery time
    manifest: Manifest
    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        return not any(check.wrong for check in self.checks)

    def table(self) -> str:
        """For the terminal."""
        wide = max(len(check.what) for check in self.checks)
        lines = [
            f"  {'ok    ' if not c.wrong else 'WRONG '}  {c.what:<{wide}}  {c.found}" for c in self.checks
        ]
        lines += [f"          {wrong}" for check in self.checks for wrong in check.wrong]
        if self.backing_up is not None:
            lines.append(f"\n  Backup:  {self.backing_up:.0f} s, {self.bytes / 2**20:,.0f} MB")
        lines.append(f"  Restore: {self.restoring:.0f} s, checks included (the recovery time, RTO)")
        return "\n".join(lines)

    def line(self) -> str:
        """One line of JSON for the record; figures only, nothing about a resident."""
        return json.dumps(
            {
                "at": self.at.isoformat(timespec="seconds"),
                "passed": self.passed,
                "backup": self.file or "made for the drill",
                "backup_made_at": self.manifest.made_at.isoformat(timespec="seconds"),
                "bytes": self.bytes,
                "rows": self.manifest.inventory.rows,
                "seconds_backup": None if self.backing_up is None else round(self.backing_up, 1),
                "seconds_restore": round(self.restoring, 1),
                "checks": {check.what: list(check.wrong) or "ok" for check in self.checks},
            },
            ensure_ascii=False,
        )


def of_now(way: FullAccess, home: Path, *, tell: Tell) -> Outcome:
    """Drill with a fresh backup of this hub, sealed to a key that lives only as long as the drill."""
    key = RecoveryKey.new()
    with _scratch(home) as scratch:
        started = time.monotonic()
        path, _ = making.make(way, home, scratch / "backup", key.public, tell=tell)
        return _restored(path, key, home, scratch, "", time.monotonic() - started, tell)


def of_file(path: Path, key: RecoveryKey, home: Path, *, tell: Tell) -> Outcome:
    """Drill with a backup as it lies in the store."""
    with _scratch(home) as scratch:
        return _restored(path, key, home, scratch, path.name, None, tell)


def _restored(
    path: Path, key: RecoveryKey, home: Path, scratch: Path, name: str, backing_up: float | None, tell: Tell
) -> Outcome:
    started = time.monotonic()
    restored = scratch / "home"
    restored.mkdir(mode=0o711)
    tell("a scratch server")
    with access.embedded(restored) as way:
        manifest = restoring.restore(path, key, restored, way, tell=tell)
        tell("comparing")
        checks = tuple(restoring.check(manifest, restored, way))
    outcome = Outcome(
        datetime.now(UTC), name, path.stat().st_size, backing_up, time.monotonic() - started, manifest, checks
    )
    with open(home / RECORDS, "a", encoding="utf-8") as records:
        records.write(outcome.line() + "\n")
    return outcome


@contextmanager
def _scratch(home: Path) -> Iterator[Path]:
    """A folder in the home, so that the copy lies on the same disk as what it copies; gone afterwards."""
    for left_behind in home.glob(f"{SCRATCH}*"):  # by a drill that was killed
        _throw_away(left_behind)
    folder = Path(tempfile.mkdtemp(prefix=SCRATCH, dir=home))
    folder.chmod(0o711)  # the server's account passes through
    try:
        yield folder
    finally:
        _throw_away(folder)


def _throw_away(folder: Path) -> None:
    if (folder / "home" / "postgres").exists():
        Embedded(folder / "home" / "postgres").remove()
    shutil.rmtree(folder, ignore_errors=True)
