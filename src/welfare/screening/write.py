"""Writes a snapshot: from two tables, or part by part from lists that do not fit in memory."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from welfare.facts.fact import BUILT_IN, COUPLE
from welfare.screening.arrange import Arrangement, check_unique, duplicate, owners, required
from welfare.screening.encode import Array, SnapshotError, text_column
from welfare.screening.snapshot import (
    AREA,
    FORMAT,
    HOUSEHOLD_ID,
    PERSON_ID,
    Shard,
    Snapshot,
    declared,
    mapped,
)

if TYPE_CHECKING:
    from welfare.rules.catalogue import Catalogue

SHARD = 1_000_000  # households

Pair = tuple[pa.Table, pa.Table]


def write_snapshot(
    catalogue: Catalogue,
    households: pa.Table | Iterable[Pair],
    members: pa.Table | None = None,
    folder: str | Path = "snapshot",
    as_of: date | None = None,
    shard_households: int = SHARD,
    progress: Callable[[int], None] | None = None,
) -> Snapshot:
    """Freezes lists of households and members into `folder`, replacing a snapshot that is there.

    `households` has `household_id` (text or whole numbers), perhaps `area`, and facts by their names; `members` has
    `household_id`, perhaps `person_id` and `couple`, and facts of persons. Members keep their order. Won and counts are
    integers, dates are dates, codes are their words, an empty cell is an unknown fact, and so is a fact without a column; other
    columns are left out (see `manifest["left_out"]`). For lists larger than memory give an iterable of (households, members)
    pairs; each becomes a shard. `progress` hears how many households are written.

    Raises SnapshotError naming column, row and mend; nothing is left in `folder` then.
    """
    if as_of is None:
        raise SnapshotError("no day is given", "Say for which day the list holds: as_of=date(…)")
    pairs: Iterable[Pair] = (
        _cut(households, members, shard_households) if isinstance(households, pa.Table) else households
    )
    folder = Path(folder)
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        writer = _Writer(catalogue, partial)
        for pair in pairs:
            writer.write(*pair)
            if progress is not None:
                progress(writer.households)
        writer.finish(as_of)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Snapshot(folder)


def _cut(households: pa.Table, members: pa.Table | None, limit: int) -> Iterator[Pair]:
    """A pair of tables as pairs of at most `limit` households."""
    if members is None:
        raise SnapshotError("no members are given", "Give the table of members beside the households")
    if households.num_rows <= limit:
        yield households, members
        return
    check_unique(text_column(required(households, HOUSEHOLD_ID), HOUSEHOLD_ID))
    owner = owners(households, members)
    order = np.argsort(owner, kind="stable")
    ends = np.searchsorted(owner[order], np.arange(0, households.num_rows + limit, limit))
    for i, start in enumerate(range(0, households.num_rows, limit)):
        yield households.slice(start, limit), members.take(pa.array(order[ends[i] : ends[i + 1]]))


class _Writer:
    """Writes shard after shard and remembers what the manifest must say."""

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self.facts = {name: fact for name, fact in catalogue.facts.items() if name not in BUILT_IN}
        self.folder = folder
        self.version = catalogue.version
        self.shards: list[dict[str, Any]] = []
        self.areas: dict[str, int] = {}
        self.gaps: dict[str, bool] = {}
        self.left_out: list[str] = []
        self.columns: tuple[list[str], list[str]] | None = None
        self.ranges: list[tuple[Any, Any]] = []
        self.households = self.members = 0

    def write(self, households: pa.Table, members: pa.Table) -> None:
        columns = (households.schema.names, members.schema.names)
        if self.columns is None:
            self.columns = columns
            self.left_out = sorted(
                {name for names in columns for name in names}
                - {HOUSEHOLD_ID, PERSON_ID, AREA, COUPLE, *(fact.name for fact in self.facts.values())}
            )
        elif self.columns != columns:
            raise SnapshotError(
                f"part {len(self.shards) + 1} of the list has other columns than the first",
                "Give all parts the same",
            )
        ids = text_column(required(households, HOUSEHOLD_ID), HOUSEHOLD_ID)
        check_unique(ids)
        self._check_new(ids)
        arranged = Arrangement(self.facts, households, members, self._area(households))
        for name, encoded in {**arranged.own, **arranged.each}.items():
            if name != COUPLE:
                self.gaps[name] = self.gaps.get(name, False) or encoded.known is not None
        shard = Shard(len(self.shards), arranged.shapes, len(ids), len(arranged.order))
        with _Sink(self.folder / shard.household_file) as one, _Sink(self.folder / shard.member_file) as many:
            for own, each in arranged.batches():
                one.write(own)
                many.write(each)
        self.households += shard.households
        self.members += shard.members
        self.shards.append(
            {
                "households": shard.households,
                "members": shard.members,
                "blocks": [[shape.rows, shape.slots, shape.size] for shape in shard.blocks],
                "hash": [one.hash.hexdigest(), many.hash.hexdigest()],
            }
        )

    def _area(self, households: pa.Table) -> Array | None:
        if AREA not in households.schema.names:
            return None
        names = text_column(households.column(AREA), AREA).cast(pa.string()).fill_null("").dictionary_encode()
        numbers = [self.areas.setdefault(name, len(self.areas)) for name in names.dictionary.to_pylist()]
        return np.array(numbers, np.int32)[names.indices.to_numpy()]

    def _check_new(self, ids: pa.Array) -> None:
        """A household must not stand in two parts of the list; parts that follow each other need no comparing."""
        ends = pc.min_max(ids)
        low, high = ends["min"].as_py(), ends["max"].as_py()
        for number, (least, greatest) in enumerate(self.ranges):
            if type(low) is not type(least):
                raise SnapshotError("changes its type between parts", "Give all parts the same", HOUSEHOLD_ID)
            if least <= high and low <= greatest:
                with mapped(self.folder / f"households-{number:05d}.arrow") as file:
                    reader = ipc.open_file(pa.BufferReader(pa.py_buffer(file)))
                    known = pa.chunked_array(
                        [reader.get_batch(i).column(HOUSEHOLD_ID) for i in range(reader.num_record_batches)]
                    )
                    row = pc.index(pc.is_in(ids, value_set=known), True).as_py()
                    del reader, known
                if row >= 0:
                    raise duplicate(ids, row)
        self.ranges.append((low, high))

    def finish(self, as_of: date) -> None:
        if not self.households:
            raise SnapshotError("the list holds no household", "Give at least one")
        contents = {
            "format": FORMAT,
            "as_of": as_of.isoformat(),
            "households": self.households,
            "members": self.members,
            "areas": list(self.areas),
            "facts": {
                name: {"gaps": self.gaps[name], "declared": declared(self.facts[name])}
                for name in sorted(self.gaps)
            },
            "shards": self.shards,
        }
        digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:16]
        contents |= {"hash": digest, "catalogue": self.version, "left_out": self.left_out}
        (self.folder / "manifest.json").write_text(json.dumps(contents, ensure_ascii=False), encoding="utf-8")


class _Sink:
    """An Arrow file being written, hashed as it goes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hash = hashlib.sha256()
        self.writer: ipc.RecordBatchFileWriter | None = None

    def __enter__(self) -> Self:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        if self.writer is None:
            self.writer = ipc.new_file(str(self.path), batch.schema)
        self.writer.write_batch(batch)
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            self.hash.update(name.encode())
            for buffer in column.buffers():
                self.hash.update(b"-" if buffer is None else buffer)

    def __exit__(self, *_: object) -> None:
        if self.writer is not None:
            self.writer.close()
