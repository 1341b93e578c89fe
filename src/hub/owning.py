"""What is done as the owner of the database: bring its tables up to date and give the application its rights.

The application's role may read and write rows. It owns no table, so it can neither lift row-level security nor change what
the audit trail's triggers refuse.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.conf import settings
from django.db import connections
from psycopg import sql

from hub import walls

OWNER = "owner"  # the connection's name in the settings


def prepare_database() -> None:
    """Run what migrations there are, then grant. Quick when there are none."""
    from django.core.management import call_command

    with walls.everywhere():
        call_command("migrate", database=OWNER, verbosity=0, interactive=False)
    grant()
    connections[OWNER].close()


def grant() -> None:
    """Rows of every table for the application's role; of the audit trail only what is added to it."""
    role = settings.DATABASES["default"]["USER"]
    if role == settings.DATABASES[OWNER]["USER"]:
        return  # one role for both: it owns what it uses, and a check of the deployment says so
    with connections[OWNER].cursor() as cursor:
        for statement in _GRANTS:
            cursor.execute(sql.SQL(statement).format(role=sql.Identifier(role)))
        if connections[OWNER].pg_version >= 17_00_00:  # type: ignore[attr-defined]
            # So that it may tell the planner about a district it took in; older servers notice within a minute.
            cursor.execute(
                sql.SQL("GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO {}").format(sql.Identifier(role))
            )


_GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    # Of the audit trail only what is added; the sealer gives each record its place once, which a trigger holds it to.
    "REVOKE UPDATE, DELETE ON access_accessrecord, access_head, access_checkpoint, access_subtree FROM {role}",
    "GRANT UPDATE (position, link) ON access_accessrecord TO {role}",
    "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {role}",
)


@contextmanager
def unwalled(tables: Sequence[str]) -> Iterator[None]:
    """Let the owner past the wall around these tables inside the block, in the owner's transaction under way.

    Everybody else waits for its end. Should it fail, the wall stands as before.
    """
    with connections[OWNER].cursor() as cursor:
        for table in tables:
            cursor.execute(
                sql.SQL("ALTER TABLE {} NO FORCE ROW LEVEL SECURITY").format(sql.Identifier(table))
            )
        # An index of words is built at once in a fraction of the time it takes to grow with every row.
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexdef LIKE '%% USING gin %%'",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
        # So is every reference among these tables checked with one question instead of one for each row.
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
            " AND conrelid = ANY(%s::regclass[]) AND confrelid = ANY(%s::regclass[])",
            [list(tables), list(tables)],
        )
        references = cursor.fetchall()
        for table, name, _definition in references:
            cursor.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(
                    sql.Identifier(table), sql.Identifier(name)
                )
            )
        yield
        # A table whose new rows still wait to be checked against others cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in references:
            cursor.execute(
                sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}").format(
                    sql.Identifier(table), sql.Identifier(name), sql.SQL(definition)
                )
            )
        for table in tables:
            cursor.execute(sql.SQL("ALTER TABLE {} FORCE ROW LEVEL SECURITY").format(sql.Identifier(table)))
