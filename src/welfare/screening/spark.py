"""The same kernel where the data already live: inside Spark, over partitions, through Arrow. Needs the extra `spark`.

One machine screens a nation in seconds, so Spark is not here for speed but for registers that must not leave their cluster. Every
batch of rows is arranged into blocks in memory and decided by the very code that decides a snapshot; nothing is translated to SQL,
where months, rounding and unknown values mean something else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from welfare.facts.fact import BUILT_IN
from welfare.screening.arrange import Arrangement
from welfare.screening.encode import SnapshotError
from welfare.screening.kernel import Kernel
from welfare.screening.outcome import NOBODY, Outcome, Screening
from welfare.screening.snapshot import HOUSEHOLD_ID, PERSON_ID, Block

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from welfare.rules.ruleset import RuleSet

MEMBERS = "members"
RESULT = (
    "household_id {id}, person_id {person}, member tinyint, programme string, amount_low bigint, amount_high bigint, "
    "receives boolean, set_aside_for string"
)


def screen_on_spark(rules: RuleSet, households: DataFrame) -> DataFrame:
    """Who is entitled to what, one row each, with the columns of `Run.pairs` (without the area).

    `households` has `household_id`, facts of households by their names, and `members`, an array of structs with facts of persons
    and perhaps `person_id` and `couple`. Values are as for `write_snapshot`: codes as their words, dates as dates, null unknown.
    A household must be one row; a row that cannot be right stops the job with SnapshotError.
    """
    types = {field.name: field.dataType for field in households.schema.fields}
    if MEMBERS not in types:
        raise SnapshotError("is missing", "Give the members as an array of structs", MEMBERS)
    member = {field.name: field.dataType for field in types[MEMBERS].elementType.fields}
    facts = {name: fact for name, fact in rules.facts.items() if name not in BUILT_IN}
    gaps = {name: True for name in {**types, **member} if name in facts}
    screening = Screening(rules, Kernel(rules, gaps))
    schema = RESULT.format(
        id=types[HOUSEHOLD_ID].simpleString(),
        person=member[PERSON_ID].simpleString() if PERSON_ID in member else "string",
    )
    return households.mapInArrow(decider(screening, facts), schema)


def decider(
    screening: Screening, facts: dict[str, Any]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function Spark sends to its workers: batches of households in, batches of pairs out."""

    def decide(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        if not screening.kernel.functions:
            screening.kernel.compile()
        for batch in batches:
            if batch.num_rows:
                yield from pairs_of(screening, facts, pa.Table.from_batches([batch]))

    return decide


def pairs_of(screening: Screening, facts: dict[str, Any], table: pa.Table) -> Iterator[pa.RecordBatch]:
    """The entitled among these households."""
    lists = table.column(MEMBERS).combine_chunks()
    owner = pc.list_parent_indices(lists)
    flat = pc.list_flatten(lists)
    columns = dict(zip([field.name for field in flat.type], flat.flatten(), strict=True))
    members = pa.table({**columns, HOUSEHOLD_ID: table.column(HOUSEHOLD_ID).take(owner)})
    arranged = Arrangement(facts, table.drop_columns([MEMBERS]), members)
    for shape, batches in zip(arranged.shapes, arranged.batches(), strict=True):
        block = Block(shape, *batches)
        yield named(screening, block, screening(block), columns.get(PERSON_ID))


def named(screening: Screening, block: Block, outcome: Outcome, persons: pa.Array | None) -> pa.RecordBatch:
    """Pairs with names and identifiers in place of numbers."""
    row, slot = outcome.row, outcome.slot
    person = slot != NOBODY
    names = pa.array([programme.id for programme in screening.programmes])
    if persons is None:
        person_ids = pa.nulls(len(row), pa.string())
    else:
        flat = slot.astype(np.int64) * block.shape.width + row
        person_ids = block.column(PERSON_ID).take(pa.array(flat, mask=~person))
    return pa.record_batch(
        {
            HOUSEHOLD_ID: block.column(HOUSEHOLD_ID).take(pa.array(row)),
            PERSON_ID: person_ids,
            "member": pa.array(slot, mask=~person),
            "programme": names.take(pa.array(outcome.programme)),
            "amount_low": pa.array(outcome.low, mask=outcome.low == NOBODY),
            "amount_high": pa.array(outcome.high, mask=outcome.high == NOBODY),
            "receives": pa.array(outcome.receives == 1, mask=outcome.receives == NOBODY),
            "set_aside_for": names.take(
                pa.array(outcome.set_aside_for, mask=outcome.set_aside_for == NOBODY)
            ),
        }
    )
