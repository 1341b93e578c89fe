"""What a database holds, in figures that two databases can be compared by: rows and a checksum for each table.

A table's checksum is the sum, over its rows, of the first 64 bits of the SHA-256 of the row as text. A sum does not ask
for an order, so no table need be sorted, and PostgreSQL's own SHA-256 is the same in every version.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Self

import psycopg
from psycopg import sql

# Rows are compared as text, so how values are written must not hang on a server's configuration.
_WRITTEN = (
    "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET IntervalStyle = 'iso_8601'; "
    "SET bytea_output = 'hex'; SET extra_float_digits = 1"
)
_OURS = "n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'"
_TABLES = f"""
    SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {_OURS} ORDER BY 1, 2
"""  # noqa: S608  (our own words only)
_CHECKSUM = """
    SELECT count(*),
           coalesce(sum(('x' || encode(substr(sha256(convert_to((row_.*)::text, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint), 0)
    FROM {} AS row_
"""
_OBJECTS = f"""
    SELECT 'indexes', count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND i.indisvalid
    UNION ALL SELECT 'constraints', count(*) FROM pg_constraint c
           JOIN pg_namespace n ON n.oid = c.connamespace WHERE {_OURS} AND c.convalidated
    UNION ALL SELECT 'triggers', count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND NOT t.tgisinternal AND t.tgenabled = 'O'
    UNION ALL SELECT 'functions', count(*) FROM pg_proc p
           JOIN pg_namespace n ON n.oid = p.pronamespace WHERE {_OURS}
    UNION ALL SELECT 'row-level policies', count(*) FROM pg_policy
    UNION ALL SELECT 'tables behind row-level security', count(*) FROM pg_class c
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {_OURS} AND c.relforcerowsecurity
"""  # noqa: S608
_SEQUENCES = f"""
    SELECT schemaname || '.' || sequencename, coalesce(last_value, 0) FROM pg_sequences
    JOIN pg_namespace n ON n.nspname = schemaname WHERE {_OURS} ORDER BY 1
"""  # noqa: S608
# Owners, grantees and the roles that policies name.
_ROLES = """
    SELECT DISTINCT r.rolname FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_authid'::regclass
      AND d.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1
"""


@dataclass(frozen=True)
class Contents:
    """How many rows a table has, and their checksum (a whole number as text)."""

    rows: int
    checksum: str


@dataclass(frozen=True)
class Inventory:
    """What a database holds. Tables and sequences by "schema.name"."""

    tables: dict[str, Contents]
    sequences: dict[str, int]
    objects: dict[str, int]
    roles: tuple[str, ...]

    @property
    def rows(self) -> int:
        return sum(table.rows for table in self.tables.values())

    def plain(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)

    @classmethod
    def read(cls, plain: dict[str, Any]) -> Self:
        """From JSON values."""
        return cls(
            {name: Contents(**table) for name, table in plain["tables"].items()},
            plain["sequences"],
            plain["objects"],
            tuple(plain["roles"]),
        )


def take(
    connection: psycopg.Connection,
    *,
    left_out: tuple[str, ...] = (),
    tell: Callable[[str], None] = lambda table: None,
) -> Inventory:
    """Take the inventory through this connection, in its transaction. `tell` hears each table's name before it is read.

    Tables of `left_out` are counted as empty: their rows are not meant to be kept.
    """
    connection.execute(_WRITTEN)
    tables: dict[str, Contents] = {}
    for schema, name in names_of_tables(connection):
        called = f"{schema}.{name}"
        if called in left_out:
            tables[called] = Contents(0, "0")
            continue
        tell(called)
        found = connection.execute(sql.SQL(_CHECKSUM).format(sql.Identifier(schema, name))).fetchone()
        assert found is not None, "an aggregate always answers"
        tables[called] = Contents(found[0], str(found[1]))
    return Inventory(
        tables,
        {name: value for name, value in connection.execute(_SEQUENCES).fetchall()},
        {kind: number for kind, number in connection.execute(_OBJECTS).fetchall()},
        tuple(role for (role,) in connection.execute(_ROLES).fetchall()),
    )


def names_of_tables(connection: psycopg.Connection) -> list[tuple[str, str]]:
    """Schema and name of every table that is not PostgreSQL's own."""
    return connection.execute(_TABLES).fetchall()


def differences(wanted: Inventory, found: Inventory) -> list[str]:
    """One sentence for each thing in which `found` is not `wanted`; none when they agree.

    A sequence may be ahead, because it counts outside transactions, but never behind.
    """
    wrong: list[str] = []
    for name in sorted(wanted.tables.keys() | found.tables.keys()):
        was, now = wanted.tables.get(name), found.tables.get(name)
        if was is None or now is None:
            wrong.append(f"{name}: the table is {'missing' if now is None else 'one too many'}")
        elif was.rows != now.rows:
            wrong.append(f"{name}: {now.rows:,} rows instead of {was.rows:,}")
        elif was.checksum != now.checksum:
            wrong.append(f"{name}: {was.rows:,} rows, but their contents differ")
    for name, value in wanted.sequences.items():
        if found.sequences.get(name, -1) < value:
            wrong.append(f"{name}: the sequence stands at {found.sequences.get(name)} instead of {value}")
    for kind, number in wanted.objects.items():
        if found.objects.get(kind) != number:
            wrong.append(f"{kind}: {found.objects.get(kind)} instead of {number}")
    return wrong
