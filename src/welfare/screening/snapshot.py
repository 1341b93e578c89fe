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

import json
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc

from welfare.facts.fact import Fact
from welfare.facts.household import Household
from welfare.screening.encode import Array, SnapshotError

FORMAT = 1
WORD = 64  # rows; blocks are padded to it

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
            if name not in facts or declared(facts[name]) != held["declared"]:
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
        self._maps = [mapped(snapshot.folder / name) for name in (shard.household_file, shard.member_file)]
        self._readers = [ipc.open_file(pa.BufferReader(pa.py_buffer(pages))) for pages in self._maps]

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
        for pages in self._maps:
            if hasattr(
                mmap, "MADV_DONTNEED"
            ):  # where the system has no such wish, memory is merely less flat
                pages.madvise(mmap.MADV_DONTNEED)


def mapped(path: Path) -> mmap.mmap:
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


def declared(fact: Fact) -> list[object]:
    return [fact.of, fact.type, fact.low, fact.high, list(fact.codes)]


@lru_cache(maxsize=8)
def bit_mask(rows: int, columns: int) -> Array:
    """A packed plane of `columns` bits of which the first `rows` are set."""
    return np.packbits(np.arange(columns) < rows, bitorder="little")
