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
RELATIVES = 1.5  # others who live with somebody, on average and rather many


def counted(
    connection: duckdb.DuckDBPyConnection, tables: tuple[str, str], records: int
) -> tuple[Comparison, ...]:
    """The model with `u` counted in both lists, drawn towards the prior where pairs are few.

    `records` is the length of the longer list. A list of one member a household holds no pair of relatives, and yet the other list may hold the
    mother of whom this one holds the son: so no home counts for less common than RELATIVES among so many.
    """
    totals = {
        (place, level): 0 for place, one in enumerate(COMPARISONS) for level in range(-1, len(one.levels))
    }
    for table in tables:
        for place, level, count in _counts(connection, table):
            totals[place, level] += count
    found = []
    for place, one in enumerate(COMPARISONS):
        if not one.counted:
            found.append(one)
            continue
        pairs = sum(totals[place, level] for level in range(len(one.levels)))
        prior = sum(level.u for level in one.levels)
        shares = [
            (totals[place, i] + PRIOR_PAIRS * level.u / prior) / (pairs + PRIOR_PAIRS)
            for i, level in enumerate(one.levels)
        ]
        least = min(RELATIVES / records, 0.5)
        levels = tuple(
            replace(level, u=max(share, least) if level.family else share)
            for level, share in zip(one.levels, shares, strict=True)
        )
        found.append(replace(one, levels=levels))
    return tuple(found)


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
