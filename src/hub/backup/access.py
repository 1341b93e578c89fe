"""The way into the database that sees every row, and PostgreSQL's own programs to copy it with.

The application's role sees residents only inside an area of duty, so a copy made with it would be empty and look whole.
Copies are made as the embedded server's superuser or as the role named in HUB_BACKUP_URL.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

from hub.backup import BackupProblem
from hub.postgres import Embedded, PostgresProblem


@dataclass(frozen=True)
class FullAccess:
    """A database, and a role in it that row-level security does not narrow."""

    conninfo: str = field(repr=False)  # holds the password
    programs: Path  # the folder of pg_dump and pg_restore
    ours: bool  # an embedded server: roles that are missing may be made in it

    def connect(self) -> psycopg.Connection:
        """One autocommit connection that fails rather than leave rows out."""
        try:
            return psycopg.connect(self.conninfo, autocommit=True, options="-c row_security=off")
        except psycopg.OperationalError as problem:
            raise BackupProblem(f"The database does not answer: {str(problem).strip()}") from None

    def environment(self) -> dict[str, str]:
        """What pg_dump and pg_restore need to get in; a command line could be read by every account."""
        options = Conninfo.parse(self.conninfo.encode())
        given = {o.envvar.decode(): o.val.decode() for o in options if o.envvar and o.val}
        return {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "PGOPTIONS": "-c row_security=off", **given}

    def require_sight_of_everything(self, connection: psycopg.Connection) -> None:
        """Raise BackupProblem when this role would miss rows."""
        sees_all = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if sees_all != (True,):
            raise BackupProblem(
                "The role of HUB_BACKUP_URL is held back by row-level security and would copy a part only. "
                "Give it the right to see everything: ALTER ROLE … BYPASSRLS; GRANT pg_read_all_data TO …"
            )


@contextmanager
def embedded(home: Path) -> Iterator[FullAccess]:
    """The embedded server of a home, running inside the block; made if it is not there."""
    server = Embedded(home / "postgres")
    with server.running():
        way = server.superuser()
        conninfo = make_conninfo(
            host=way.host, user=way.user, password=way.password, dbname=way.database, connect_timeout=30
        )
        yield FullAccess(conninfo, server.programs(), ours=True)


@contextmanager
def configured(home: Path) -> Iterator[FullAccess]:
    """The database this hub works with: HUB_BACKUP_URL's, or the embedded one. Raises BackupProblem."""
    url = os.environ.get("HUB_BACKUP_URL")
    if url:
        if not any(o.keyword == b"dbname" and o.val for o in Conninfo.parse(url.encode())):
            raise BackupProblem(
                "HUB_BACKUP_URL names no database; write it as postgresql://role:password@host/database"
            )
        yield FullAccess(url, _programs_of_the_system(), ours=False)
        return
    if os.environ.get("DATABASE_URL"):
        raise BackupProblem(
            "DATABASE_URL names a server, but the application's role must not see every row. Set HUB_BACKUP_URL to "
            "the same database and a role with BYPASSRLS (for a restore: a superuser and an empty database)."
        )
    with embedded(home) as way:
        yield way


def _programs_of_the_system() -> Path:
    """The system's PostgreSQL programs, which fit its server; else the embedded package's."""
    found = shutil.which("pg_dump")
    if found:
        return Path(found).parent
    try:
        return Embedded.programs_as_installed()
    except PostgresProblem:
        raise BackupProblem(
            "pg_dump is missing. Install PostgreSQL's client programs of the server's version or a newer one."
        ) from None
