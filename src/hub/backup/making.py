"""Making a backup: the database as of one moment, the key files, and a manifest, sealed into one file.

Nothing is ever on disk in the clear: pg_dump's output goes through a pipe into the seal. Counts and checksums are taken in
the same snapshot as the copy, so they say what the copy must hold even while people work.

Inside the seal is an ordinary tar: `home/…` the key files, `database/000001…` the parts of a pg_dump in custom format,
`manifest.json` last, so that its presence says that all the rest is there.
"""

import hashlib
import io
import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import psycopg
from psycopg import sql

import welfare
from hub.backup import BackupProblem, inventory
from hub.backup.access import FullAccess
from hub.backup.inventory import Inventory
from hub.backup.sealed import PublicKey, Sealing

FORMAT = 1
ENDING = ".hub-backup"
PUBLIC_KEY = "backup-key"  # in home: what backups are sealed to
# Derived from the database, or of this machine only.
DERIVED = ("postgres", "snapshots", "runs", "static", "backups", "tests", "drills.jsonl")
SCRATCH = "drill-"
# Sessions: whoever was signed in signs in again.
LEFT_OUT = ("public.django_session",)
_PART = 8 * 2**20  # bytes of the copy in one member of the tar

type Tell = Callable[[str], None]


@dataclass(frozen=True)
class FileState:
    """A file's length in bytes and its SHA-256."""

    length: int
    sha256: str

    @classmethod
    def of(cls, contents: bytes) -> "FileState":
        return cls(len(contents), hashlib.sha256(contents).hexdigest())


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    made_at: datetime
    hub: str  # version
    postgresql: str
    home: dict[str, FileState]
    database: FileState  # the whole copy, all parts together
    inventory: Inventory
    trail: tuple[int, int]  # records of the audit trail, and the number of the last one

    def written(self) -> bytes:
        """As JSON."""
        plain = {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(),
            "hub": self.hub,
            "postgresql": self.postgresql,
            "home": {name: asdict(state) for name, state in self.home.items()},
            "database": asdict(self.database),
            "inventory": self.inventory.plain(),
            "trail": self.trail,
            "left_out": [*DERIVED, *LEFT_OUT],
        }
        return json.dumps(plain, indent=1, ensure_ascii=False).encode()

    @classmethod
    def read(cls, text: bytes) -> "Manifest":
        """From JSON. Raises BackupProblem when a newer hub wrote it."""
        plain = json.loads(text)
        if plain["format"] != FORMAT:
            raise BackupProblem(
                f"This backup has format {plain['format']}, this hub reads {FORMAT}: it was made by hub "
                f"{plain['hub']}. Restore it with that version or a newer one."
            )
        return cls(
            datetime.fromisoformat(plain["made_at"]),
            plain["hub"],
            plain["postgresql"],
            {name: FileState(**state) for name, state in plain["home"].items()},
            FileState(**plain["database"]),
            Inventory.read(plain["inventory"]),
            (plain["trail"][0], plain["trail"][1]),
        )


def public_key(home: Path) -> PublicKey:
    """What this hub's backups are sealed to. Raises BackupProblem when none was made yet."""
    try:
        return PublicKey.read((home / PUBLIC_KEY).read_text())
    except FileNotFoundError:
        raise BackupProblem(
            "No recovery key was made yet. `hub backup --new-key` makes one, shows it once, and backs up."
        ) from None


def make(way: FullAccess, home: Path, folder: Path, key: PublicKey, *, tell: Tell) -> tuple[Path, Manifest]:
    """Write one backup of this database and home into `folder`; returns its path and manifest.

    The file appears under its name only when it is complete and on the disk. `tell` hears one sentence a step.
    Raises BackupProblem; then there is no new file.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made_at = datetime.now(UTC)
    path = folder / f"welfare-hub-{made_at:%Y%m%dT%H%M%SZ}{ENDING}"
    unfinished = path.with_name(path.name + ".part")
    try:
        with open(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            counted = _Counted(file)
            sealing: Any = Sealing(counted, key)  # tar wants a whole file and only writes
            with tarfile.open(fileobj=sealing, mode="w|") as tar:
                manifest = _fill(tar, way, home, folder, made_at, tell)
            sealing.finish()
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        with suppress(FileNotFoundError):
            unfinished.unlink()
        raise
    # For whoever keeps the file and has no key: `sha256sum --check` says whether it is still sound.
    path.with_name(path.name + ".sha256").write_text(f"{counted.digest.hexdigest()}  {path.name}\n")
    _sync(folder)
    return path, manifest


def _fill(
    tar: tarfile.TarFile, way: FullAccess, home: Path, folder: Path, made_at: datetime, tell: Tell
) -> Manifest:
    with way.connect() as connection, way.connect() as reading, ThreadPoolExecutor(1) as aside:
        way.require_sight_of_everything(connection)
        with connection.transaction():
            files, snapshot = _key_files_and_snapshot(connection, home, folder)
            for name, contents in files.items():
                _add(tar, f"home/{name}", contents, made_at)
            tell(f"{len(files)} key files of {home}")
            counted = aside.submit(_inventory, reading, snapshot)
            digest, size = hashlib.sha256(), 0
            for number, part in enumerate(_dump(way, snapshot, counted), start=1):
                digest.update(part)
                size += len(part)
                _add(tar, f"database/{number:06d}", part, made_at)
            tell(f"the database: {size / 2**20:,.0f} MB, compressed")
            found, trail = counted.result()
            tell(f"{len(found.tables)} tables counted and checked: {found.rows:,} rows")
            version = str(connection.info.parameter_status("server_version"))
    manifest = Manifest(
        made_at,
        welfare.__version__,
        version,
        {name: FileState.of(contents) for name, contents in files.items()},
        FileState(size, digest.hexdigest()),
        found,
        trail,
    )
    _add(tar, "manifest.json", manifest.written(), made_at)
    return manifest


def _key_files_and_snapshot(
    connection: psycopg.Connection, home: Path, folder: Path
) -> tuple[dict[str, bytes], str]:
    """The key files and a snapshot of the database that belong together.

    A key that is replaced between the two would leave rows nobody can read, so the files are read before and after.
    """
    connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    before = key_files(home, but=folder)
    exported = connection.execute("SELECT pg_export_snapshot()").fetchone()
    assert exported is not None, "PostgreSQL names every snapshot it exports"
    if key_files(home, but=folder) != before:
        raise BackupProblem(f"A key file in {home} was being changed. Start the backup again.")
    return before, exported[0]


def key_files(home: Path, but: Path | None = None) -> dict[str, bytes]:
    """Every file of a home that cannot be made again, by its path within.

    What is derived is named and all else is kept, so a key that a later version puts there is not forgotten. `but` is a
    folder of backups that may lie in the home.
    """
    found: dict[str, bytes] = {}
    for path in sorted(home.rglob("*")):
        within = path.relative_to(home)
        if within.parts[0] in DERIVED or within.parts[0].startswith(SCRATCH) or path.suffix == ".lock":
            continue
        if but is not None and path.is_relative_to(but.resolve()):
            continue
        if path.is_file() and not path.is_symlink():
            found[within.as_posix()] = path.read_bytes()
    return found


def _inventory(connection: psycopg.Connection, snapshot: str) -> tuple[Inventory, tuple[int, int]]:
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        connection.execute(sql.SQL("SET TRANSACTION SNAPSHOT {}").format(snapshot))
        return inventory.take(connection, left_out=LEFT_OUT), trail_head(connection)


def trail_head(connection: psycopg.Connection) -> tuple[int, int]:
    """How many records the audit trail has, and the number of the last one."""
    try:
        with connection.transaction():
            head = connection.execute(
                "SELECT count(*), coalesce(max(id), 0) FROM access_accessrecord"
            ).fetchone()
    except psycopg.errors.UndefinedTable:
        raise BackupProblem(
            "This database holds no hub: the audit trail is missing. Start the hub once with `hub serve`, "
            "or see whether HUB_BACKUP_URL names the right database."
        ) from None
    assert head is not None, "an aggregate always answers"
    return head[0], head[1]


def _dump(
    way: FullAccess, snapshot: str, counted: Future[tuple[Inventory, tuple[int, int]]]
) -> Iterator[bytes]:
    """pg_dump's output, part by part. Ends early when the inventory taken aside has failed."""
    command = [str(way.programs / "pg_dump"), "--format=custom", "--compress=gzip:1", "--no-password"]
    command += [f"--snapshot={snapshot}", "--no-tablespaces"]
    command += [f"--exclude-table-data={table}" for table in LEFT_OUT]
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(
            command,
            env=way.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
        ) as dump:
            assert dump.stdout is not None
            try:
                while part := dump.stdout.read(_PART):
                    if counted.done():
                        counted.result()
                    yield part
            except BaseException:
                dump.kill()
                raise
        if dump.returncode != 0:
            raise BackupProblem(f"pg_dump could not copy the database:\n{told(complaints)}")


def told(complaints: BinaryIO) -> str:
    """What a PostgreSQL program complained of, without the lines and values of residents that it quotes."""
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").splitlines()
    kept = [line for line in lines if line.startswith(("pg_dump: ", "pg_restore: "))]
    kept = [line.partition(": ERROR:")[0] if "COPY failed" in line else line for line in kept]
    return "\n".join(f"    {line[:300]}" for line in kept[:6]) or "    (it gave no reason)"


def _add(tar: tarfile.TarFile, name: str, contents: bytes, at: datetime) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(contents), 0o600, int(at.timestamp())
    tar.addfile(member, io.BytesIO(contents))


class _Counted:
    """A file that adds up the SHA-256 of what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)


def _sync(folder: Path) -> None:
    """Let the names in a folder reach the disk, too."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def forget_older_than(days: int, folder: Path, newest: Path) -> list[Path]:
    """Delete the backups in `folder` that are older than so many days, never `newest`; returns them.

    What was erased in the hub lives on in its backups until they expire, so they must.
    """
    horizon = f"welfare-hub-{datetime.now(UTC) - timedelta(days=days):%Y%m%dT%H%M%SZ}"
    old = [path for path in folder.glob(f"welfare-hub-*{ENDING}") if path.name < horizon and path != newest]
    for path in old:
        path.unlink()
        path.with_name(path.name + ".sha256").unlink(missing_ok=True)
    return sorted(old)
