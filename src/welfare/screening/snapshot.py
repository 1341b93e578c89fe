"""A population frozen for screening: immutable, typed, dated, hashed, and laid out so that members need no joining.

Households of a shard are ordered by size and area and cut into blocks of one size. A block of n households of k members keeps
each person's fact as k slots of n values, one slot after the other, so the j-th members of all its households lie side by side,
in the order of the households. "Any member" is then an *or* of k rows of bits, "sum over members" a sum of k rows of numbers,
and a household's value meets a person's without any look-up. Sizes too rare for blocks of their own share blocks that are padded
to their largest household.

Files: `manifest.json`, and for each shard `households-*.arrow` and `members-*.arrow` (Arrow IPC, uncompressed, one record batch
a block, read through a memory map without copying). Rows are padded to a multiple of 64, so that bits can be counted in words.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from welfare.facts.fact import BUILT_IN, COUPLE, COUPLE_FACT, COUPLE_MAX, HOUSEHOLD_SIZE_MAX, Fact
from welfare.facts.household import Household
from welfare.screening.encode import Array, Encoded, SnapshotError, encode_column, storage_type, text_column

if TYPE_CHECKING:
    from welfare.rules.catalogue import Catalogue

FORMAT = 1
WORD = 64  # rows; blocks are padded to it
BLOCK_VALUES = 65_536  # households of a block; a few columns of it fit the processor's cache
OWN_CLASS = 4_096  # households of one size in a shard below which they share padded blocks
SHARD = 1_000_000

HOUSEHOLD_ID, PERSON_ID, AREA, SIZE = "household_id", "person_id", "area", "household_size"


def width(rows: int) -> int:
    """Rows of a block with its padding."""
    return -(-rows // WORD) * WORD


@dataclass(frozen=True)
class BlockShape:
    """`rows` households of up to `slots` members; `size` is their common size, or 0 where sizes differ."""

    rows: int
    slots: int
    size: int

    @property
    def width(self) -> int:
        return width(self.rows)


@dataclass(frozen=True)
class Shard:
    """The blocks of one pair of files, and how many households and members they hold."""

    number: int
    blocks: tuple[BlockShape, ...]
    households: int
    members: int

    @property
    def household_file(self) -> str:
        return f"households-{self.number:05d}.arrow"

    @property
    def member_file(self) -> str:
        return f"members-{self.number:05d}.arrow"


class Snapshot:
    """A snapshot in `folder`. Raises SnapshotError when there is none, or one this version cannot read."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        try:
            self.manifest: dict[str, Any] = json.loads(
                (self.folder / "manifest.json").read_text(encoding="utf-8")
            )
        except FileNotFoundError:
            raise SnapshotError(f"{self.folder} holds no snapshot", "Write one with write_snapshot") from None
        if self.manifest.get("format") != FORMAT:
            raise SnapshotError(f"{self.folder} was written by another version", "Write it again")

    def __repr__(self) -> str:
        return f"Snapshot({str(self.folder)!r}: {self.households:,} households, {self.members:,} members, {self.as_of})"

    @property
    def hash(self) -> str:
        """A hash of the contents: equal for equal lists, wherever they lie."""
        return str(self.manifest["hash"])

    @property
    def as_of(self) -> date:
        return date.fromisoformat(self.manifest["as_of"])

    @property
    def households(self) -> int:
        return int(self.manifest["households"])

    @property
    def members(self) -> int:
        return int(self.manifest["members"])

    @property
    def areas(self) -> list[str]:
        """Names of the areas, by their number in the files; empty when the list had no areas."""
        return list(self.manifest["areas"])

    @property
    def gaps(self) -> dict[str, bool]:
        """The facts held → whether the fact is unknown for somebody. A fact not named is unknown for everybody."""
        return {name: bool(held["gaps"]) for name, held in self.manifest["facts"].items()}

    @cached_property
    def shards(self) -> tuple[Shard, ...]:
        return tuple(
            Shard(
                i,
                tuple(BlockShape(*block) for block in shard["blocks"]),
                shard["households"],
                shard["members"],
            )
            for i, shard in enumerate(self.manifest["shards"])
        )

    def check_facts(self, facts: Mapping[str, Fact]) -> None:
        """Refuses a snapshot whose facts were declared otherwise when it was written."""
        for name, held in self.manifest["facts"].items():
            if name not in facts or _declared(facts[name]) != held["declared"]:
                raise SnapshotError(
                    "the catalogue now declares this fact otherwise than when the snapshot was written",
                    "Write the snapshot again",
                    name,
                )

    def open(self, shard: Shard) -> OpenShard:
        return OpenShard(self, shard)

    def find(self, household_id: object) -> tuple[int, int, int] | None:
        """(shard, block, row) of a household, or None."""
        for shard in self.shards:
            with self.open(shard) as files:
                for number in range(len(shard.blocks)):
                    ids = files.household_ids(number)
                    if pa.types.is_integer(ids.type) is not isinstance(household_id, int):
                        return None
                    row = pc.index(ids, pa.scalar(household_id, ids.type)).as_py()
                    if row >= 0:
                        return shard.number, number, row
        return None

    def household(self, household_id: object, facts: Mapping[str, Fact]) -> Household | None:
        """The household as it was given, decoded with the catalogue's facts; None when it is not in the snapshot."""
        place = self.find(household_id)
        if place is None:
            return None
        with self.open(self.shards[place[0]]) as files:
            return files.block(place[1]).household(place[2], facts)


class OpenShard:
    """The two files of a shard, mapped. `close` (or leaving a `with`) gives the memory back."""

    def __init__(self, snapshot: Snapshot, shard: Shard) -> None:
        self.snapshot, self.shard = snapshot, shard
        self._maps = [_map(snapshot.folder / name) for name in (shard.household_file, shard.member_file)]
        self._readers = [ipc.open_file(pa.BufferReader(pa.py_buffer(mapped))) for mapped in self._maps]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Lets the mapping go as soon as nobody holds an array of it any more."""
        self._readers, self._maps = [], []

    def household_ids(self, number: int) -> pa.Array:
        rows = self.shard.blocks[number].rows
        return self._readers[0].get_batch(number).column(HOUSEHOLD_ID).slice(0, rows)

    def block(self, number: int) -> Block:
        return Block(self.shard.blocks[number], *(reader.get_batch(number) for reader in self._readers))

    def forget(self) -> None:
        """Drops the pages read so far from this process (they stay in the system's cache): memory stays flat."""
        for mapped in self._maps:
            mapped.madvise(mmap.MADV_DONTNEED)


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


class Block:
    """One block as NumPy views: numbers of shape (width,) for households and (slots, width) for persons, bits packed."""

    def __init__(self, shape: BlockShape, households: pa.RecordBatch, members: pa.RecordBatch) -> None:
        self.shape = shape
        self._places = {
            **{name: (members, i) for i, name in enumerate(members.schema.names)},
            **{name: (households, i) for i, name in enumerate(households.schema.names)},
        }
        self._members = members

    def __contains__(self, name: str) -> bool:
        return name in self._places

    def column(self, name: str) -> pa.Array:
        batch, place = self._places[name]
        return batch.column(place)

    def numbers(self, name: str) -> Array:
        """The stored numbers; the domain's lower bound where unknown."""
        array = self.column(name)
        values = np.frombuffer(array.buffers()[1], array.type.to_pandas_dtype())
        return self._shaped(name, values, self.shape.width)

    def bits(self, name: str) -> Array:
        """Surely true, packed."""
        return self._shaped(
            name, np.frombuffer(self.column(name).buffers()[1], np.uint8), self.shape.width // 8
        )

    def known(self, name: str) -> Array | None:
        """Where the fact is known, packed; None when everywhere."""
        buffer = self.column(name).buffers()[0]
        return (
            None
            if buffer is None
            else self._shaped(name, np.frombuffer(buffer, np.uint8), self.shape.width // 8)
        )

    def _shaped(self, name: str, values: Array, row: int) -> Array:
        if self._places[name][0] is self._members:
            return values[: self.shape.slots * row].reshape(self.shape.slots, row)
        return values[:row]

    def given_plane(self, number: int) -> Array:
        """A plane kept by an earlier run; only a block that remembers one has any."""
        raise LookupError(number)

    def given_number(self, number: int) -> Array:
        raise LookupError(number)

    @property
    def sizes(self) -> Array:
        """Members of each household; 0 for padding."""
        return self.numbers(SIZE)

    @property
    def areas(self) -> Array | None:
        """Number of each household's area, ascending within the block; None when the list had no areas."""
        return self.numbers(AREA)[: self.shape.rows] if AREA in self else None

    def household(self, row: int, facts: Mapping[str, Fact]) -> Household:
        """The household in `row`, decoded."""
        size = int(self.sizes[row])
        own: dict[str, object] = {}
        members: list[dict[str, object]] = [{} for _ in range(size)]
        for name in self._places:
            if name not in facts or name == SIZE:
                continue
            fact, column = facts[name], self.column(name)
            if fact.of == "household":
                own[name] = _decoded(fact, column[row])
            else:
                for slot, member in enumerate(members):
                    member[name] = _decoded(fact, column[slot * self.shape.width + row])
        return Household(own, members)


def _decoded(fact: Fact, value: pa.Scalar) -> object:
    plain = value.as_py()
    return None if plain is None else fact.decode(plain)


# Writing -------------------------------------------------------------------------------------------------------------------------

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
    _check_unique(text_column(_required(households, HOUSEHOLD_ID), HOUSEHOLD_ID))
    owner = _owners(households, members)
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
        ids = text_column(_required(households, HOUSEHOLD_ID), HOUSEHOLD_ID)
        _check_unique(ids)
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
                with _map(self.folder / f"households-{number:05d}.arrow") as mapped:
                    reader = ipc.open_file(pa.BufferReader(pa.py_buffer(mapped)))
                    known = pa.chunked_array(
                        [reader.get_batch(i).column(HOUSEHOLD_ID) for i in range(reader.num_record_batches)]
                    )
                    row = pc.index(pc.is_in(ids, value_set=known), True).as_py()
                    del reader, known
                if row >= 0:
                    raise _duplicate(ids, row)
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
                name: {"gaps": self.gaps[name], "declared": _declared(self.facts[name])}
                for name in sorted(self.gaps)
            },
            "shards": self.shards,
        }
        digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:16]
        contents |= {"hash": digest, "catalogue": self.version, "left_out": self.left_out}
        (self.folder / "manifest.json").write_text(json.dumps(contents, ensure_ascii=False), encoding="utf-8")


class Arrangement:
    """Tables of households and members in the order of the blocks: encoded, checked, cut. Raises SnapshotError."""

    def __init__(
        self, facts: Mapping[str, Fact], households: pa.Table, members: pa.Table, area: Array | None = None
    ) -> None:
        self.facts, self.area = facts, area
        self.ids = text_column(_required(households, HOUSEHOLD_ID), HOUSEHOLD_ID)
        owner = _owners(households, members)
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


def _declared(fact: Fact) -> list[object]:
    return [fact.of, fact.type, fact.low, fact.high, list(fact.codes)]


def _required(table: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in table.schema.names:
        raise SnapshotError("is missing", f"Give a column {name}", name)
    return table.column(name)


def _check_unique(ids: pa.Array) -> None:
    if ids.null_count:
        row = pc.index(pc.is_null(ids), True).as_py()
        raise SnapshotError("is empty", "Give every household an identifier", HOUSEHOLD_ID, row + 1)
    places = pc.index_in(ids, ids).to_numpy()
    wrong = np.flatnonzero(places != np.arange(len(ids)))
    if len(wrong):
        raise _duplicate(ids, int(wrong[0]))


def _duplicate(ids: pa.Array, row: int) -> SnapshotError:
    return SnapshotError(
        f"{ids[row].as_py()!r} stands in the list twice",
        "Keep one row for each household",
        HOUSEHOLD_ID,
        row + 1,
    )


def _owners(households: pa.Table, members: pa.Table) -> Array:
    """For each member the row of the household."""
    ids = text_column(_required(households, HOUSEHOLD_ID), HOUSEHOLD_ID)
    of = text_column(_required(members, HOUSEHOLD_ID), HOUSEHOLD_ID)
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


@lru_cache(maxsize=8)
def bit_mask(rows: int, columns: int) -> Array:
    """A packed plane of `columns` bits of which the first `rows` are set."""
    return np.packbits(np.arange(columns) < rows, bitorder="little")
