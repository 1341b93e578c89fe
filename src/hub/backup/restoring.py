"""Restoring a backup: into an empty hub only, and only after the whole file has been found sound.

The file is read twice. The first time everything is unsealed, measured and thrown away; a damaged file is refused before
anything is touched. The second time the key files are laid down and the database is restored in one transaction, so a
restore that is interrupted has restored nothing and can be started again.
"""

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from psycopg import sql

from hub import places
from hub.backup import BackupProblem, inventory
from hub.backup.access import FullAccess
from hub.backup.making import LEFT_OUT, FileState, Manifest, Tell, told, trail_head
from hub.backup.sealed import Damaged, RecoveryKey, Unsealing


@dataclass(frozen=True)
class Check:
    """One thing that was compared after a restore: what, what was found, and what is wrong (nothing when it holds)."""

    what: str
    found: str
    wrong: tuple[str, ...] = ()


def examine(path: Path, key: RecoveryKey) -> Manifest:
    """Read a backup to its end, touching nothing; returns what it says of itself.

    Raises WrongKey, Damaged, or BackupProblem when it was made by a newer hub.
    """
    with _members(path, key) as members:
        home: dict[str, FileState] = {}
        digest, size, manifest = hashlib.sha256(), 0, None
        for name, contents in members:
            match name.parts:
                case ("home", *_):
                    home[str(name.relative_to("home"))] = FileState.of(contents)
                case ("database", _):
                    digest.update(contents)
                    size += len(contents)
                case ("manifest.json",):
                    manifest = Manifest.read(contents)
    found = (home, FileState(size, digest.hexdigest()))
    if manifest is None or (manifest.home, manifest.database) != found:
        raise Damaged(f"{path} is not what its manifest says. Nothing was changed. Take another backup.")
    return manifest


def restore(path: Path, key: RecoveryKey, home: Path, way: FullAccess, *, tell: Tell) -> Manifest:
    """Restore a backup into an empty database and an empty home; returns its manifest.

    Raises BackupProblem when the file is damaged, the key is another, or the hub is not empty; nothing is changed then.
    """
    tell(f"reading {path} to its end")
    manifest = examine(path, key)
    tell(f"sound: made {manifest.made_at:%Y-%m-%d %H:%M} UTC, {manifest.inventory.rows:,} rows")
    _require_room(manifest, home, way)
    with _members(path, key) as members, tempfile.TemporaryFile() as complaints:
        with _pg_restore(way, complaints) as program:
            assert program.stdin is not None
            for name, contents in members:
                match name.parts:
                    case ("home", *_):
                        _lay_down(home, name.relative_to("home"), contents)
                    case ("database", _):
                        with suppress(BrokenPipeError):  # it has ended; its status says why
                            program.stdin.write(contents)
            with suppress(BrokenPipeError):
                program.stdin.close()
            tell("indexes and constraints")
        if program.returncode != 0:
            raise BackupProblem(
                f"PostgreSQL did not take the copy, and nothing of it was kept:\n{told(complaints)}"
            )
    with way.connect() as connection:
        connection.execute("ANALYZE")  # what the planner should know before the first page asks
    return manifest


def check(manifest: Manifest, home: Path, way: FullAccess) -> list[Check]:
    """Compare a restored hub with what the backup says it holds, then ask the hub itself on what was restored."""
    return [*compare(manifest, home, way), *_ask_the_hub(home, way)]


def compare(manifest: Manifest, home: Path, way: FullAccess) -> list[Check]:
    """Compare a restored database and home with the manifest; nothing is believed because a program said so."""
    with way.connect() as connection:
        found = inventory.take(connection, left_out=LEFT_OUT)
        trail = trail_head(connection)
    wrong = inventory.differences(manifest.inventory, found)
    return [
        Check(
            "rows and checksums of tables", f"{len(found.tables)} tables, {found.rows:,} rows", tuple(wrong)
        ),
        _of_key_files(manifest, home),
        Check(
            "end of the audit trail",
            f"{trail[0]:,} records, the last is number {trail[1]}",
            () if trail == manifest.trail else (f"it should end at {manifest.trail[1]}",),
        ),
    ]


def _of_key_files(manifest: Manifest, home: Path) -> Check:
    wrong = tuple(
        f"{name} is missing or differs"
        for name, state in manifest.home.items()
        if not (home / name).is_file() or FileState.of((home / name).read_bytes()) != state
    )
    return Check("key files", f"{len(manifest.home)} files", wrong)


# What the hub says of itself once it stands on the restored database and keys: what, and the command that ends with 0
# when it holds. A command that this hub does not have is left out.
_ASKED = (
    ("the hub opens it, no migration is missing", ("manage", "migrate", "--check")),
    ("chain of the audit trail", ("audit", "verify")),
)


def _ask_the_hub(home: Path, way: FullAccess) -> Iterator[Check]:
    from hub.command import COMMANDS

    environment = {**os.environ, "HUB_HOME": str(home), "DJANGO_SETTINGS_MODULE": "hub.settings"}
    if way.ours:
        environment.pop("DATABASE_URL", None)
    for what, command in _ASKED:
        if command[0] not in COMMANDS:
            continue
        asked = subprocess.run(
            [sys.executable, "-m", "hub.command", *command],
            env=environment,
            cwd=places.PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if asked.returncode == 0:
            yield Check(what, "yes")
        else:
            yield Check(what, "no", (f"`hub {' '.join(command)}` ended with status {asked.returncode}",))


@contextmanager
def _members(path: Path, key: RecoveryKey) -> Iterator[Iterator[tuple[PurePosixPath, bytes]]]:
    """The members of the tar inside a backup, one after the other, each whole."""
    try:
        file = open(path, "rb")  # noqa: SIM115  (closed below, and a missing file is told first)
    except OSError as problem:
        raise BackupProblem(f"{path} cannot be read: {problem.strerror}.") from None
    with file, Unsealing(file, key) as unsealed:
        with tarfile.open(fileobj=unsealed, mode="r|") as tar:
            yield ((PurePosixPath(m.name), _contents(tar, m)) for m in tar)
        while unsealed.read(2**20):  # what follows the end of the tar must be sound, too
            pass


def _contents(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    opened = tar.extractfile(member)
    return opened.read() if opened else b""


def _require_room(manifest: Manifest, home: Path, way: FullAccess) -> None:
    """Raise BackupProblem unless the database is empty, has the roles, and no key file would be replaced."""
    with way.connect() as connection:
        kept = inventory.names_of_tables(connection)
        if kept:
            raise BackupProblem(
                f"The database already holds {len(kept)} tables, and a restore never writes over anything. "
                "Restore into a new home (HUB_HOME=/another/folder hub restore …) or a new database."
            )
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles").fetchall()}
        missing = [role for role in manifest.inventory.roles if role not in known]
        if missing and not way.ours:
            raise BackupProblem(
                f"The server lacks the roles {', '.join(missing)}, who own tables of this backup or may use them. "
                "Make them first: CREATE ROLE name LOGIN PASSWORD '…';"
            )
        for role in missing:
            connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    for name, state in manifest.home.items():
        there = home / name
        if there.exists() and FileState.of(there.read_bytes()) != state:
            raise BackupProblem(
                f"{there} exists and belongs to another hub; a restore never writes over a key. "
                "Restore into a new home: HUB_HOME=/another/folder hub restore …"
            )


@contextmanager
def _pg_restore(way: FullAccess, complaints: BinaryIO) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(way.programs / "pg_restore"), "--no-password", "--single-transaction", "--exit-on-error"]
    environment = way.environment()
    command += [f"--dbname={environment['PGDATABASE']}"]
    with subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=complaints,
    ) as program:
        try:
            yield program
        except BaseException:
            program.kill()  # the transaction ends with it
            raise


def _lay_down(home: Path, name: PurePosixPath, contents: bytes) -> None:
    """Write one key file, closed to other accounts; whole or not at all."""
    if name.is_absolute() or ".." in name.parts:
        raise Damaged(f"The backup names a file outside the home: {name}.")
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_name(path.name + ".part")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(contents)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
