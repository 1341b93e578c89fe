"""What all tests share: a real PostgreSQL, cloned from a migrated template, and a few people with posts.

The template is made once for each state of the migrations and kept; a run takes a clone of it, which is a matter of
a tenth of a second. Tests that need real transactions (`transaction=True`) get a fresh clone afterwards instead of
emptied tables, because the audit trail refuses to be emptied and reference data should stay.
"""

import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

SOURCE = Path(__file__).parents[1] / "src" / "hub"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """When a run is split, the tests of a file stay together, and all journeys, which share one district."""
    for item in items:
        folder, _, file = item.nodeid.partition("::")[0].rpartition("/")
        together = folder if folder.endswith("journeys") else file
        item.add_marker(pytest.mark.xdist_group(together))


class Clones:
    """The databases of this test run: a template shared with other runs, and this run's clone of it."""

    def __init__(self, parameters: dict[str, object]) -> None:
        self.parameters = parameters
        self.template = f"template_hub_{self._fingerprint()}"
        self.clone = f"test_hub_{os.getpid()}"

    @staticmethod
    def _fingerprint() -> str:
        digest = hashlib.sha256()
        import procrastinate

        digest.update(procrastinate.__version__.encode())
        made_from = ("**/migrations/*.py", "organisation/**/*.*", "walls.py", "owning.py")
        for path in sorted(path for pattern in made_from for path in SOURCE.glob(pattern)):
            if "__pycache__" not in path.parts:
                digest.update(path.read_bytes())
        return digest.hexdigest()[:12]

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(**{**self.parameters, "dbname": self._entrance()}, autocommit=True)

    def _entrance(self) -> str:
        return str(self.parameters["dbname"])

    def exists(self, name: str) -> bool:
        with self._connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        return found is not None

    def run(self, statement: str, *names: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def renew(self) -> None:
        """A clone as good as new under the same name."""
        self.drop()
        self.run("CREATE DATABASE {} TEMPLATE {}", self.clone, self.template)

    def drop(self) -> None:
        # The owner may end its own connections only; one of the application's may still be on its way out.
        until = time.monotonic() + 20
        while True:
            try:
                return self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.clone)
            except psycopg.errors.InsufficientPrivilege:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)

    def clear_left_behind(self) -> None:
        """Remove clones of runs that were killed."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT datname FROM pg_database WHERE datname ~ '^(test|making)_hub_[0-9]+$'"
            ).fetchall()
        for (name,) in rows:
            if not Path(f"/proc/{name.rpartition('_')[2]}").exists():
                self.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: object) -> Iterator[None]:
    """In place of pytest-django's own: start the server, and point Django at this run's clone."""
    from django.db import connection, connections
    from django.test import TransactionTestCase

    from hub import owning, places
    from hub.organisation.actions import found_district
    from hub.postgres import Embedded

    if os.environ.get("DATABASE_URL"):
        server = nullcontext()
    else:
        server = Embedded(places.home() / "postgres", durable=False).running()
    with server:
        clones = Clones(
            {
                key: value
                for key, value in connections[owning.OWNER].get_connection_params().items()
                if key in ("host", "port", "user", "password", "dbname") and value
            }
        )
        clones.clear_left_behind()
        settings, owners = connection.settings_dict, connections[owning.OWNER].settings_dict
        if not clones.exists(clones.template):
            making = f"making_hub_{os.getpid()}"
            clones.run("DROP DATABASE IF EXISTS {} WITH (FORCE)", making)
            clones.run("CREATE DATABASE {}", making)
            settings["NAME"] = owners["NAME"] = making
            with django_db_blocker.unblock():  # type: ignore[attr-defined]
                owning.prepare_database()
                found_district()
                connection.close()
            try:
                clones.run("ALTER DATABASE {} RENAME TO {}", making, clones.template)
            except psycopg.errors.DuplicateDatabase:  # another run was quicker
                clones.run("DROP DATABASE {}", making)
        clones.renew()
        settings["NAME"] = owners["NAME"] = clones.clone

        def renew(case: TransactionTestCase) -> None:
            connection.close()
            clones.renew()

        TransactionTestCase._fixture_teardown = renew  # type: ignore[method-assign]
        try:
            yield
        finally:
            with django_db_blocker.unblock():  # type: ignore[attr-defined]
                connection.close()
            clones.drop()


@pytest.fixture(scope="module")
def by_the_owner(django_db_setup: None, django_db_blocker: object) -> Iterator[None]:
    """Tests of a module play the owner of the database, who can switch off what binds the application."""
    from django.db import connection, connections

    from hub import owning

    application = dict(connection.settings_dict)
    owner = {key: connections[owning.OWNER].settings_dict[key] for key in ("USER", "PASSWORD")}
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        connection.close()
        connection.settings_dict.update(owner)
        yield
        connection.close()
        connection.settings_dict.update({key: application[key] for key in owner})


@pytest.fixture
def hub_home() -> Iterator[Path]:
    """A home for a hub of its own, thrown away afterwards.

    Not pytest's `tmp_path`: that one is closed to other accounts, so root's embedded server would move elsewhere and
    leave its data behind.
    """
    from hub import places

    home = Path(tempfile.mkdtemp(prefix="hub-", dir=places.home()))
    home.chmod(0o711)
    yield home
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(autouse=True)
def _sees_everywhere() -> Iterator[None]:
    """A test itself sees everybody; a page it asks for sees what its visitor may see."""
    from hub import walls

    with walls.everywhere():
        yield
