"""Puts tables of households and members into the order of a snapshot's blocks: encoded, checked, cut by size and area."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from welfare.facts.fact import COUPLE, COUPLE_FACT, COUPLE_MAX, HOUSEHOLD_SIZE_MAX, Fact
from welfare.screening.encode import Array, Encoded, SnapshotError, encode_column, storage_type, text_column
from welfare.screening.snapshot import AREA, HOUSEHOLD_ID, PERSON_ID, SIZE, BlockShape, width

BLOCK_VALUES = 65_536  # households of a block; a few columns of it fit the processor's cache
OWN_CLASS = 4_096  # households of one size in a shard below which they share padded blocks


class Arrangement:
    """Tables of households and members in the order of the blocks: encoded, checked, cut. Raises SnapshotError."""

    def __init__(
        self, facts: Mapping[str, Fact], households: pa.Table, members: pa.Table, area: Array | None = None
    ) -> None:
        self.facts, self.area = facts, area
        self.ids = text_column(required(households, HOUSEHOLD_ID), HOUSEHOLD_ID)
        owner = owners(households, members)
        self.sizes = np.bincount(owner, minlength=len(self.ids))
        _check_sizes(self.ids, self.sizes)
        self.own = self._encode(households, "household")
        self.each = self._encode(members, "person")
        self.each[COUPLE] = _couples(members, owner)
        self.order = np.argsort(owner, kind="stable")  # members by household, in their own order
        self._first = np.cumsum(self.sizes) - self.sizes
        self._persons = _person_ids(members)
        self._blocks = _blocks(self.sizes, area)

    @property
    def shapes(self) -> tuple[BlockShape, ...]:
        return tuple(shape for shape, _ in self._blocks)

    def batches(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Households and members of one block after the other."""
        for shape, rows in self._blocks:
            yield self._households(shape, rows), self._members(shape, rows)

    def _encode(self, table: pa.Table, of: str) -> dict[str, Encoded]:
        encoded = {}
        for name in table.schema.names:
            fact = self.facts.get(name)
            if fact is None:
                continue
            if fact.of != of:
                raise SnapshotError(
                    f"is a fact of the {fact.of}, not of the {of}",
                    f"Move it to the table of {fact.of}s",
                    name,
                )
            if table.schema.names.count(name) > 1:
                raise SnapshotError("stands in the table twice", "Keep one of the two", name)
            encoded[name] = encode_column(fact, table.column(name))
        return encoded

    def _households(self, shape: BlockShape, rows: Array) -> pa.RecordBatch:
        padding = shape.width - shape.rows
        columns = {
            HOUSEHOLD_ID: pa.concat_arrays([self.ids.take(pa.array(rows)), pa.nulls(padding, self.ids.type)])
        }
        if self.area is not None:
            columns[AREA] = arrow(np.pad(self.area[rows], (0, padding)))
        columns[SIZE] = arrow(np.pad(self.sizes[rows].astype(np.int8), (0, padding)))
        for name, encoded in self.own.items():
            values = np.full(shape.width, self.facts[name].low, storage_type(self.facts[name]))
            values[: shape.rows] = encoded.values[rows]
            known = None
            if encoded.known is not None:
                known = np.pad(encoded.known[rows], (0, padding), constant_values=True)
            columns[name] = arrow(values, known)
        return pa.record_batch(columns)

    def _members(self, shape: BlockShape, rows: Array) -> pa.RecordBatch:
        slot = np.arange(shape.slots)[:, None]
        there = np.zeros((shape.slots, shape.width), bool)
        there[:, : shape.rows] = slot < self.sizes[rows]
        source = np.zeros((shape.slots, shape.width), np.int64)
        source[:, : shape.rows] = self._first[rows] + slot
        source = np.where(there, self.order[np.minimum(source, len(self.order) - 1)], 0)
        all_there = shape.size > 0 and shape.rows == shape.width
        columns = {}
        if self._persons is not None:
            columns[PERSON_ID] = self._persons.take(pa.array(source.ravel(), mask=~there.ravel()))
        for name, encoded in self.each.items():
            values = np.take(encoded.values, source)
            if not all_there:
                values[~there] = 0 if name == COUPLE else self.facts[name].low
            known = None if encoded.known is None else np.take(encoded.known, source) | ~there
            columns[name] = arrow(values, known)
        return pa.record_batch(columns)


def required(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.schema.names:
        raise SnapshotError("is missing", f"Give a column {name}", name)
    return table.column(name)


def check_unique(ids: pa.Array) -> None:
    if ids.null_count:
        row = pc.index(pc.is_null(ids), True).as_py()
        raise SnapshotError("is empty", "Give every household an identifier", HOUSEHOLD_ID, row + 1)
    places = pc.index_in(ids, ids).to_numpy()
    wrong = np.flatnonzero(places != np.arange(len(ids)))
    if len(wrong):
        raise duplicate(ids, int(wrong[0]))


def duplicate(ids: pa.Array, row: int) -> SnapshotError:
    return SnapshotError(
        f"{ids[row].as_py()!r} stands in the list twice",
        "Keep one row for each household",
        HOUSEHOLD_ID,
        row + 1,
    )


def owners(households: pa.Table, members: pa.Table) -> Array:
    """For each member the row of the household."""
    ids = text_column(required(households, HOUSEHOLD_ID), HOUSEHOLD_ID)
    of = text_column(required(members, HOUSEHOLD_ID), HOUSEHOLD_ID)
    if ids.type != of.type:
        raise SnapshotError(
            "is text in one table and a number in the other", "Give both the same type", HOUSEHOLD_ID
        )
    places = pc.index_in(of, ids)
    if places.null_count:
        row = pc.index(pc.is_null(places), True).as_py()
        raise SnapshotError(
            f"{of[row].as_py()!r}, named by a member, is not among the households",
            "Add the household or remove the member",
            HOUSEHOLD_ID,
            row + 1,
        )
    return places.to_numpy()


def _check_sizes(ids: pa.Array, sizes: Array) -> None:
    wrong = np.flatnonzero((sizes < 1) | (sizes > HOUSEHOLD_SIZE_MAX))
    if len(wrong):
        row = int(wrong[0])
        raise SnapshotError(
            f"household {ids[row].as_py()!r} has {sizes[row]} members",
            f"A household has 1 to {HOUSEHOLD_SIZE_MAX}; list its members, or split an institution into households",
            HOUSEHOLD_ID,
            row + 1,
        )


def _couples(members: pa.Table, owner: Array) -> Encoded:
    """The couple numbers, 0 where there is none; each number stands for exactly two members of a household."""
    if COUPLE not in members.schema.names:
        return Encoded(np.zeros(len(owner), np.int8), None)
    numbers = encode_column(COUPLE_FACT, members.column(COUPLE)).values
    keys = owner.astype(np.int64) * (COUPLE_MAX + 1) + numbers
    rows = np.flatnonzero(numbers)
    counts = np.bincount(keys[rows]) if len(rows) else np.zeros(1, int)
    wrong = rows[counts[keys[rows]] != 2]
    if len(wrong):
        row = int(wrong[0])
        raise SnapshotError(
            f"number {numbers[row]} is given to {counts[keys[row]]} members of the household, not 2",
            "Give the two members of a couple the same number, everybody else 0",
            COUPLE,
            row + 1,
        )
    return Encoded(numbers, None)


def _person_ids(members: pa.Table) -> pa.Array | None:
    return text_column(members.column(PERSON_ID), PERSON_ID) if PERSON_ID in members.schema.names else None


def _blocks(sizes: Array, area: Array | None) -> list[tuple[BlockShape, Array]]:
    """The shapes of the blocks and the rows each takes, by size class and area."""
    counts = np.bincount(sizes, minlength=HOUSEHOLD_SIZE_MAX + 1)
    common = counts >= OWN_CLASS
    klass = np.where(common[sizes], sizes, HOUSEHOLD_SIZE_MAX + 1)
    order = np.lexsort((klass,) if area is None else (area, klass))
    blocks = []
    for size in np.unique(klass):
        start, end = np.searchsorted(klass[order], [size, size + 1])
        parts = -(-(end - start) // BLOCK_VALUES)
        step = width(-(-(end - start) // parts))
        for low in range(start, end, step):
            rows = order[low : min(low + step, end)]
            slots = int(sizes[rows].max())
            blocks.append((BlockShape(len(rows), slots, slots if size <= HOUSEHOLD_SIZE_MAX else 0), rows))
    return blocks


def arrow(values: Array, known: Array | None = None) -> pa.Array:
    """A flat Arrow array over these numbers, bits packed; no validity where everything is known."""
    validity = None if known is None or known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
    if values.dtype == bool:
        kind, data = pa.bool_(), np.packbits(values, bitorder="little")
    else:
        kind, data = pa.from_numpy_dtype(values.dtype), np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, values.size, [validity, pa.py_buffer(data)])
