"""Households as the two tables the SQL export reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import duckdb

from welfare.facts import Fact, Household
from welfare.rules.ruleset import RuleSet
from welfare.rules.sql import to_duckdb

TYPES = {"bool": "BOOLEAN", "int": "BIGINT", "won": "BIGINT", "code": "VARCHAR", "date": "DATE"}

Row = tuple[
    int, int | None, str, bool, int | None, list[bool]
]  # household, member, programme, entitled, amount, criteria


def asked_in_sql(
    rules: RuleSet, households: Sequence[Household], connection: duckdb.DuckDBPyConnection
) -> list[Row]:
    """What the export says about these households; each is numbered by its place."""
    facts = list(rules.catalogue.facts.values())
    keys = {"household_id": "BIGINT"}
    _fill(
        connection,
        "households",
        keys,
        [fact for fact in facts if fact.of == "household"],
        [[i, household.facts] for i, household in enumerate(households)],
    )
    _fill(
        connection,
        "members",
        {**keys, "member_id": "INTEGER", "couple": "INTEGER"},
        [fact for fact in facts if fact.of == "person"],
        [
            [i, place, member.get("couple"), member]
            for i, household in enumerate(households)
            for place, member in enumerate(household.members)
        ],
    )
    return connection.execute(to_duckdb(rules)).fetchall()


def _fill(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    keys: dict[str, str],
    facts: Sequence[Fact],
    rows: Iterable[list[object]],
) -> None:
    """A fresh table; the last item of a row is its facts by name."""
    columns = keys | {fact.name: TYPES[fact.type] for fact in facts}
    connection.execute(
        f"CREATE OR REPLACE TEMPORARY TABLE {table} ("
        + ", ".join(f'"{n}" {t}' for n, t in columns.items())
        + ")"
    )
    values = [[*row[:-1], *(row[-1].get(fact.name) for fact in facts)] for row in rows]  # type: ignore[attr-defined]
    places = ", ".join("?" for _ in columns)
    lines = ", ".join(f"({places})" for _ in values)
    connection.execute(f"INSERT INTO {table} VALUES {lines}", [value for row in values for value in row])  # noqa: S608
