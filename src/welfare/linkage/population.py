"""Counts in the lists at hand how often records of two different persons agree, which is the `u` of the model.

Only pairs from within one list are counted: a list names a person once, so its pairs are of two persons, while among pairs across two short lists the
matches themselves would be counted as chance. The records looked at are those with the least hash, so the order of rows changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

import duckdb

from welfare.linkage.model import COMPARISONS, Comparison

SAMPLED = 1_000  # records of each list; half a million pairs
PRIOR_PAIRS = 20_000  # how many pairs the prior counts for
RELATIVES = 1.5  # others who live with somebody, on average and rather many, and may stand in the other list
PRIOR_RECORDS = 200  # how many records this prior counts for
HOME = 1e-5  # how often two persons of a city have one home, the prior of the model


def counted(
    connection: duckdb.DuckDBPyConnection, tables: tuple[str, str], records: int
) -> tuple[Comparison, ...]:
    """The model with `u` counted in both lists, drawn towards the prior where pairs are few.

    `records` is the length of the longer list. Where a home agrees and a name does not, the home is as common as relatives are among so many: in
    a list of three hundred, sharing a home with somebody is no rare thing.
    """
    closeness = min(1.0, HOME * records / max(_relatives(connection, table) for table in tables))
    totals = {
        (place, level): 0 for place, one in enumerate(COMPARISONS) for level in range(-1, len(one.levels))
    }
    for table in tables:
        for place, level, count in _counts(connection, table):
            totals[place, level] += count
    found = []
    for place, one in enumerate(COMPARISONS):
        if not one.counted:
            levels = tuple(
                replace(level, m=level.m * closeness) if level.relatives else level for level in one.levels
            )
            found.append(replace(one, levels=levels))
            continue
        pairs = sum(totals[place, level] for level in range(len(one.levels)))
        prior = sum(level.u for level in one.levels)
        levels = tuple(
            replace(level, u=(totals[place, i] + PRIOR_PAIRS * level.u / prior) / (pairs + PRIOR_PAIRS))
            for i, level in enumerate(one.levels)
        )
        found.append(replace(one, levels=levels))
    return tuple(found)


def _relatives(connection: duckdb.DuckDBPyConnection, table: str) -> float:
    """How many others of the list share a home with a record, on average."""
    found = connection.execute(
        f"""
        select (select count(*) from {table}), coalesce(sum(n * (n - 1)), 0)
        from (select count(*) as n from {table} where by_home is not null group by by_home)
        """  # noqa: S608
    ).fetchall()
    count, others = found[0]
    return (int(others) + PRIOR_RECORDS * RELATIVES) / (int(count) + PRIOR_RECORDS)


def _counts(connection: duckdb.DuckDBPyConnection, table: str) -> list[tuple[int, int, int]]:
    """(comparison, level, pairs); level -1 is unknown."""
    levels = ", ".join(f"{level_of(one)} as c{place}" for place, one in enumerate(COMPARISONS))
    each = " union all ".join(
        f"select {place}, c{place}, count(*) from compared group by all"  # noqa: S608
        for place, one in enumerate(COMPARISONS)
        if one.counted
    )
    return connection.execute(
        f"""
        with sampled as materialized (select * from {table} order by mark limit {SAMPLED}),
        pairs as (select {sides_of(connection, table)} from sampled l, sampled r where l.mark < r.mark),
        compared as materialized (select {levels} from pairs)
        {each}
        """  # noqa: S608
    ).fetchall()


def sides_of(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """SQL that selects every column of two records `l` and `r` under the names the model's conditions use."""
    columns = [row[0] for row in connection.execute(f"describe {table}").fetchall()]
    return ", ".join(f"{side}.{name} as {name}_{side}" for side in "lr" for name in columns)


def level_of(comparison: Comparison) -> str:
    """SQL that gives the place of the level a pair reaches, -1 where nothing can be said."""
    cases = " ".join(f"when {level.when} then {place}" for place, level in enumerate(comparison.levels[:-1]))
    return f"case when {comparison.unknown} then -1 {cases} else {len(comparison.levels) - 1} end"
