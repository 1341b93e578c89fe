"""`hub backup`, `hub restore`, `hub drill`: what a person at the terminal gives, and what the terminal shows.

Nothing about a resident is ever shown: file names, counts, times.
"""

import getpass
import os
import sys
from pathlib import Path

from hub import places
from hub.backup import BackupProblem, access, drill, making, restoring
from hub.backup.sealed import RecoveryKey

_SHOWN_ONCE = """
  The recovery key. It is shown this once and kept nowhere on this machine.
  Write it on paper, check it letter by letter, and lock it away in two places.
  Without it no backup can be restored, by anybody.

      {first}
      {second}
"""


def backup(*, to: Path | None, new_key: bool, keep_days: int | None) -> int:
    """Make one backup in a folder; returns the exit status."""
    home = places.home()
    folder = to or Path(os.environ.get("HUB_BACKUPS") or places.HOME / "backups")
    if new_key:
        _make_key(home)
    key = making.public_key(home)
    with access.configured(home) as way:
        path, _ = making.make(way, home, folder.resolve(), key, tell=_say)
    _say(f"{path} ({path.stat().st_size / 2**20:,.0f} MB)")
    if keep_days is not None:
        for old in making.forget_older_than(keep_days, folder.resolve(), path):
            _say(f"deleted, older than {keep_days} days: {old.name}")
    if folder.stat().st_dev == home.stat().st_dev:
        _say("This folder is on the disk of the hub itself: copy the file to another machine, or use --to.")
    return 0


def _make_key(home: Path) -> None:
    path = home / making.PUBLIC_KEY
    if path.exists():
        aside = path.with_name(f"{making.PUBLIC_KEY}-until-{path.stat().st_mtime_ns}")
        path.rename(aside)
        _say("Earlier backups still need the earlier recovery key: keep both.")
    key = RecoveryKey.new()
    groups = str(key).split("-")
    print(_SHOWN_ONCE.format(first="-".join(groups[:7]), second="-".join(groups[7:])), flush=True)
    path.write_text(f"{key.public}\n")


def restore(*, file: Path, key_file: Path | None) -> int:
    """Restore a backup into this home and its empty database; returns the exit status."""
    key = recovery_key(key_file)
    home = places.home()
    with access.configured(home) as way:
        manifest = restoring.restore(file, key, home, way, tell=_say)
        _say("comparing with the manifest")
        checks = restoring.check(manifest, home, way)
    wrong = [sentence for check in checks for sentence in check.wrong]
    for check in checks:
        _say(f"{'ok' if not check.wrong else 'WRONG'}: {check.what}: {check.found}")
    for sentence in wrong:
        _say(sentence)
    if wrong:
        print(
            "The restored hub is not what was backed up. Do not work with it: take another backup, and report this.",
            file=sys.stderr,
        )
        return 1
    _say(
        "Restored. Snapshots and runs are made from the database: start a district run when the hub is open."
    )
    return 0


def run_drill(*, file: Path | None, key_file: Path | None) -> int:
    """Prove that a backup can be restored; returns 0 when everything held."""
    home = places.home()
    if file is not None:
        outcome = drill.of_file(file, recovery_key(key_file), home, tell=_say)
    else:
        with access.configured(home) as way:
            outcome = drill.of_now(way, home, tell=_say)
    print(f"\n{outcome.table()}\n  Recorded in {home / drill.RECORDS}", flush=True)
    return 0 if outcome.passed else 1


def recovery_key(key_file: Path | None) -> RecoveryKey:
    """The key from a file, or typed without being shown. Raises BackupProblem."""
    if key_file is not None:
        try:
            return RecoveryKey.read(key_file.read_text())
        except OSError as problem:
            raise BackupProblem(f"{key_file} cannot be read: {problem.strerror}.") from None
    if not sys.stdin.isatty():
        raise BackupProblem(
            "The recovery key is asked for at a terminal; without one, give it with --key-file."
        )
    return RecoveryKey.read(getpass.getpass("  Recovery key (not shown while you type): "))


def _say(text: str) -> None:
    print(f"  {text}", flush=True)
