"""Two lists in, pairs of records out: who is probably the same person, how probably, and why.

Nothing is merged and nobody is changed. A pair is a proposal: `link` where a person need not look, `review` where one must.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import splink.comparison_level_library as level_library
from splink import DuckDBAPI, Linker, SettingsCreator
from splink.blocking_rule_library import CustomRule
from splink.comparison_library import CustomComparison

from welfare.linkage.assignment import among_rivals, one_to_one
from welfare.linkage.model import BLOCKS, KEYS, WORDS, Comparison
from welfare.linkage.population import counted, sides_of
from welfare.linkage.records import checked, prepare

LINK = (
    0.97  # from here on a pair is linked: three in a hundred just above may be wrong, of all links far fewer
)
REVIEW = 0.20  # from here on a person should look: of five pairs just above one is right
HOPELESS = 0.0  # log2; what speaks against one person needs no further look


class Outcome(StrEnum):
    """What is proposed about a pair. A pair that is not proposed is no link."""

    LINK = "link"
    REVIEW = "review"


def link(
    left: pa.Table,
    right: pa.Table,
    *,
    linked_from: float = LINK,
    review_from: float = REVIEW,
    threads: int | None = None,
) -> pa.Table:
    """The same persons in two lists, each record in one pair at most.

    The lists have the columns of `COLUMNS`; each must name a person once. The result has `left` and `right` (ids), `probability`,
    `outcome` and, for name, birth_date, sex, phone, address and number, how the two records agree: one of `AGREEMENTS`. It is sorted by
    probability, the surest first, and does not depend on the order of rows; exchanging the lists exchanges the columns.

    However probable, a pair is only linked when the resident numbers agree, or the names are at least similar and telephone and address do not
    both contradict them. So nobody is linked under another name, and no namesake born on the same day who lives elsewhere, without a person who
    looks. Twins with similar names are held back by their probability.

    `linked_from` and `review_from` are probabilities. Raising the first makes wrong links rarer and leaves more to look at; raising the second leaves
    less to look at and misses more.

    Raises ListError for a list that cannot be compared, ValueError for thresholds that are not 0 < review_from <= linked_from <= 1.
    """
    if not 0 < review_from <= linked_from <= 1:
        raise ValueError(
            f"0 < review_from <= linked_from <= 1 must hold, not {review_from} and {linked_from}"
        )
    # In the order of their ids, so that nothing below can depend on the order of rows.
    left, right = (
        side.take(pc.sort_indices(side["id"])) for side in (checked(left, "left"), checked(right, "right"))
    )
    if not left.num_rows or not right.num_rows:
        nothing = np.empty(0, np.int64)
        return _result(left, right, nothing, nothing, np.empty(0), linked_from, {})
    with duckdb.connect(":memory:") as connection:
        connection.execute("set enable_progress_bar = false")
        if threads:
            connection.execute(f"set threads = {int(threads)}")
        _store(connection, "lefts", left)
        _store(connection, "rights", right)
        _forget_crowds(connection)
        sizes = (left.num_rows, right.num_rows)
        rows, others, evidence = _scored(connection, counted(connection, ("lefts", "rights"), max(sizes)))
        probability, _ = among_rivals(rows, others, evidence, sizes)
        kept = one_to_one(rows, others, evidence, _ties(connection, rows, others))
        kept = kept[probability[kept] >= review_from]
        rows, others, probability = rows[kept], others[kept], probability[kept]
        agreements = _agreements(connection, rows, others)
    return _result(left, right, rows, others, probability, linked_from, agreements)


def _store(connection: duckdb.DuckDBPyConnection, name: str, records: pa.Table) -> None:
    """A list as a table with its keys, and a mark for each record that knows its id and not its row."""
    connection.register("given", prepare(records).append_column("id", records["id"].cast(pa.string())))
    found = ", ".join(f"{key} as {name}" for name, (key, _) in KEYS.items())
    connection.execute(
        f"create table {name} as select * exclude (id), hash(id) as mark, {found} from given"  # noqa: S608
    )
    connection.unregister("given")


def _forget_crowds(connection: duckdb.DuckDBPyConnection) -> None:
    """Empties keys that would each bring too many pairs."""
    for key, (_, most) in KEYS.items():
        crowds = f"""
            select {key}
            from (select {key}, count(*) as n from lefts where {key} is not null group by {key})
            join (select {key}, count(*) as m from rights where {key} is not null group by {key}) using ({key})
            where n * m > {most}
        """  # noqa: S608
        crowded = [row[0] for row in connection.execute(crowds).fetchall()]
        for table in ("lefts", "rights") if crowded else ():
            connection.execute(f"update {table} set {key} = null where list_contains(?, {key})", [crowded])  # noqa: S608


def _scored(
    connection: duckdb.DuckDBPyConnection, model: Sequence[Comparison]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of the left and right list and the log2 likelihood ratio of every pair that shares a key and is not hopeless."""
    engine = DuckDBAPI(connection)
    settings = SettingsCreator(
        link_type="link_only",
        unique_id_column_name="row",
        probability_two_random_records_match=0.5,  # even odds: the weight is then the evidence alone
        comparisons=[_comparison(one) for one in model],
        blocking_rules_to_generate_predictions=[CustomRule(f"l.{one} = r.{other}") for one, other in BLOCKS],
        retain_matching_columns=False,
        retain_intermediate_calculation_columns=False,
    )
    tables = [engine.register(name, dataset_display_name=name) for name in ("lefts", "rights")]
    linker = Linker(tables, settings, log_level=None, validate_settings=False)
    pairs = linker.inference.predict(
        threshold_match_weight=HOPELESS, warning_mode="never"
    ).as_duckdbpyrelation()
    # The engine gives rows in any order, and sums of floating-point numbers depend on it.
    found = pairs.order("row_l, row_r").fetchnumpy()
    return found["row_l"], found["row_r"], np.round(found["match_weight"], 6)


def _comparison(one: Comparison) -> CustomComparison:
    levels: list[Any] = [level_library.CustomLevel(one.unknown, "unknown").configure(is_null_level=True)]
    for level in one.levels:
        built = level_library.CustomLevel(level.when, level.when) if level.when else level_library.ElseLevel()
        built.configure(m_probability=level.m, u_probability=level.u)
        if level.frequency:
            built.configure(tf_adjustment_column=one.name)
        levels.append(built)
    return CustomComparison(output_column_name=f"of_{one.name}", comparison_levels=levels)


def _ties(connection: duckdb.DuckDBPyConnection, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """A number for each pair that neither the order of rows nor of lists changes."""
    marks = [
        connection.execute(f"select mark from {name} order by row").fetchnumpy()["mark"].astype(np.uint64)  # noqa: S608
        for name in ("lefts", "rights")
    ]
    one, other = marks[0][rows], marks[1][others]
    return (one ^ other) * np.uint64(0x9E3779B97F4A7C15)


def _agreements(
    connection: duckdb.DuckDBPyConnection, rows: np.ndarray, others: np.ndarray
) -> dict[str, Any]:
    """For each field the word that says how the two records agree."""
    found = []
    for field, (unknown, words) in WORDS.items():
        cases = " ".join(f"when {condition} then '{word}'" for word, condition in words)
        found.append(f"case when {unknown} then 'unknown' {cases} else 'differs' end as {field}")
    connection.register("kept", pa.table({"place": np.arange(len(rows)), "one": rows, "other": others}))
    pairs = connection.sql(
        f"""
        with pairs as (
            select place, {sides_of(connection, "lefts")}
            from kept join lefts l on l.row = one join rights r on r.row = other
        )
        select {", ".join(found)} from pairs order by place
        """  # noqa: S608
    )
    return pairs.to_arrow_table().to_pydict()


def _result(
    left: pa.Table,
    right: pa.Table,
    rows: np.ndarray,
    others: np.ndarray,
    probability: np.ndarray,
    linked_from: float,
    agreements: dict[str, Any],
) -> pa.Table:
    words = {field: pa.array(agreements.get(field, []), pa.string()) for field in WORDS}
    named = _is(words["name"], "same", "slip", "sound", "similar")
    contradicted = _is(words["phone"], "differs") & _is(words["address"], "differs")
    certain = _is(words["number"], "same", "slip") | named & ~contradicted
    linked = (probability >= linked_from) & certain
    found = pa.table(
        {
            "left": left["id"].take(pa.array(rows)),
            "right": right["id"].take(pa.array(others)),
            "probability": pa.array(np.round(probability, 9), pa.float64()),
            "outcome": pa.array(np.where(linked, Outcome.LINK.value, Outcome.REVIEW.value), pa.string()),
            **words,
        }
    )
    order = pc.sort_indices(
        found, [("probability", "descending"), ("left", "ascending"), ("right", "ascending")]
    )
    return found.take(order)


def _is(words: pa.Array, *wanted: str) -> np.ndarray:
    return pc.is_in(words, pa.array(wanted)).to_numpy(zero_copy_only=False)
