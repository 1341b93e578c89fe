"""The primitives of a plan for a whole block: planes of packed bits and arrays of numbers.

Each does what its namesake does for one household in `rules/function.py`. Planes and numbers of households have one row; those
of persons have one row for each slot of the block, so that households and persons meet by broadcasting.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from welfare.facts.fact import COUPLE
from welfare.screening.encode import Array
from welfare.screening.snapshot import Block

INT32 = np.iinfo(np.int32)


def pack(flags: Array) -> Array:
    """Truths as bits, row by row; a row is always a multiple of eight long."""
    if flags.ndim == 1:
        return np.packbits(flags, bitorder="little")
    return np.packbits(flags.ravel(), bitorder="little").reshape(len(flags), -1)


def unpack(plane: Array) -> Array:
    """Bits as truths, the inverse of `pack`."""
    flags = np.unpackbits(plane.ravel(), bitorder="little").view(bool)
    return flags if plane.ndim == 1 else flags.reshape(len(plane), -1)


def bits_at(plane: Array, places: Array) -> Array:
    """The truths of some rows of a flat plane."""
    return ((plane.ravel()[places >> 3] >> (places & 7).astype(np.uint8)) & 1).view(bool)


def both(plane: Array, known: Array | None) -> Array:
    return plane if known is None else plane & known


def denied(plane: Array, known: Array | None) -> Array:
    """Known, and not so."""
    return ~plane if known is None else known & ~plane


def spread(plane: Array, table: Array) -> Array:
    """Numbers from bits, eight at a time: `table` has the eight numbers of each byte. No branch, so no wrong guess."""
    return np.take(table, plane, axis=0).reshape(*plane.shape[:-1], -1)


@lru_cache(maxsize=256)
def bit_table(kind: Any, value: int) -> Array:
    """For `spread`: the value (cut to the type) where a bit is set, 0 elsewhere."""
    bits = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little").astype(bool)
    size = np.dtype(kind).itemsize * 8
    wrapped = (
        (value + (1 << size - 1)) % (1 << size) - (1 << size - 1) if np.dtype(kind).kind == "i" else value
    )
    return np.where(bits, np.array(wrapped, kind), np.array(0, kind))


def filled(values: Array, known: Array | None, low: int, high: int) -> Array:
    """The upper ends: the number where it is known, the end of its domain where the lower end stands for what is unknown."""
    if known is None:
        return values
    kind: Any = values.dtype.type
    ends = spread(~known, bit_table(kind, high - low))
    return np.add(ends, values, out=ends)


def mask(plane: Array, kind: type) -> Array:
    """A plane as numbers of all ones or all zeros, for `choose`."""
    return spread(plane, bit_table(kind, -1))


def among(values: Array, codes: frozenset[int]) -> Array:
    """Whether a code is one of these; a run of codes takes one comparison."""
    low, high = min(codes), max(codes)
    if low == high:
        return values == low
    if high - low + 1 == len(codes):
        return values <= high if low == 0 else (values - np.uint8(low)) <= high - low
    flags = np.zeros(256, bool)
    flags[list(codes)] = True
    return np.take(flags, values)


def months(start: Array, today: int, day: int) -> Array:
    """Completed months from yyyymmdd; a year is 88 less than a hundred months."""
    month = start // 100
    return today - month + month // 100 * 88 - (start - month * 100 > day)


def choose(where: Array, yes: Any, no: Any) -> Array:
    """yes where the mask is set, else no; by bits, which takes the same time however mixed the mask is."""
    return np.bitwise_and(where, yes ^ no) ^ no


def clip(values: Array) -> Array:
    """In 32 bits, everything beyond at the end."""
    return np.minimum(np.maximum(values, INT32.min), INT32.max).astype(np.int32)


PRIMITIVES: dict[str, Any] = {
    function.__name__: function
    for function in (pack, unpack, bits_at, both, denied, filled, mask, among, months, choose, clip)
} | {"np": np, "I4": np.int32, "I8": np.int64, "U1": np.uint8}


class Frame:
    """A block, and what the generated code asks of it."""

    def __init__(self, block: Block, uniform: Mapping[int, Uniform]) -> None:
        shape = block.shape
        self.block, self.shape = block, shape
        self.numbers, self.bits, self.known = block.numbers, block.bits, block.known
        self.given_plane, self.given_number = block.given_plane, block.given_number
        self._uniform = uniform
        self.zeros = np.zeros(shape.width // 8, np.uint8)
        self.ones = ~self.zeros
        self.flag = np.empty(shape.width, bool)
        self.flags = np.empty((shape.slots, shape.width), bool)
        self._pairs: list[tuple[int, int, Array]] | None = None
        self._extent: dict[str, tuple[int, int]] = {}

    @cached_property
    def there(self) -> Array | None:
        """Which slots hold a member, as planes; None where all do. Padding holds nobody in a block of mixed sizes."""
        return None if self.shape.size else pack(np.arange(self.shape.slots)[:, None] < self.block.sizes)

    def uniform(self, index: int) -> Any:
        """A value that depends on the household's size only: a constant in a block of one size."""
        values = self._uniform[index]
        if self.shape.size:
            value = values.by_size[self.shape.size]
            return value if not values.plane else self.ones if value else self.zeros
        found = np.take(values.table, self.block.sizes)
        return pack(found) if values.plane else found

    def coded(self, fact: str, values: Array, codes: frozenset[int]) -> Array:
        """Where a stored code is one of these. A block covers few areas, so most codes of places need no look."""
        ends = self._extent.get(fact)
        if ends is None:
            inside = values[..., : self.shape.rows]
            ends = self._extent[fact] = (int(inside.min()), int(inside.max()))
        if max(codes) < ends[0] or min(codes) > ends[1]:
            return (
                self.zeros
                if values.ndim == 1
                else np.broadcast_to(self.zeros, (self.shape.slots, len(self.zeros)))
            )
        return pack(among(values, codes))

    def above(self, left: Any, right: Any) -> Array:
        """left > right of households, as a plane."""
        return np.packbits(np.greater(left, right, out=self.flag), bitorder="little")

    def above_person(self, left: Any, right: Any) -> Array:
        return pack(np.greater(left, right, out=self.flags))

    def maybe_above(self, plane: Array, known: Array | None) -> Array:
        """What could be above a limit inside the domain: whatever is, and whatever is not known."""
        return plane if known is None else plane | ~known

    def any(self, plane: Array) -> Array:
        if self.there is not None:
            plane = plane & self.there
        return plane[0] if len(plane) == 1 else np.bitwise_or.reduce(plane, axis=0)

    def all(self, plane: Array) -> Array:
        if self.there is not None:
            plane = plane | ~self.there
        return plane[0] if len(plane) == 1 else np.bitwise_and.reduce(plane, axis=0)

    def count(self, plane: Array) -> Array:
        if self.there is not None:
            plane = plane & self.there
        each = np.unpackbits(plane.ravel(), bitorder="little").reshape(len(plane), -1)
        return self._fold(np.add, each, np.uint8)

    def sum(self, values: Array, kind: type) -> Array:
        return self._fold(np.add, self._present(values, 0), kind)

    def least(self, values: Array, neutral: int) -> Array:
        return self._fold(np.minimum, self._present(values, neutral), values.dtype.type)

    def greatest(self, values: Array, neutral: int) -> Array:
        return self._fold(np.maximum, self._present(values, neutral), values.dtype.type)

    def _present(self, values: Array, neutral: int) -> Array:
        return (
            values if self.there is None else np.where(unpack(self.there), values, values.dtype.type(neutral))
        )

    @staticmethod
    def _fold(combine: np.ufunc, each: Array, kind: type) -> Array:
        first = each[0]
        if len(each) == 1:
            return first.astype(kind, copy=False)
        result = combine(first, each[1], dtype=kind)
        for row in each[2:]:
            combine(result, row, out=result)
        return result

    @property
    def couples(self) -> list[tuple[int, int, Array]]:
        """(slot, slot, where these two are a couple) for every pair of slots with a couple in it."""
        if self._pairs is None:
            numbers = self.numbers(COUPLE)
            self._pairs = []
            for one in range(self.shape.slots):
                married = numbers[one] > 0
                for other in range(one + 1, self.shape.slots):
                    plane = pack((numbers[one] == numbers[other]) & married)
                    if plane.any():
                        self._pairs.append((one, other, plane))
        return self._pairs

    def of_spouse(self, plane: Array | None) -> Array:
        """For each slot whether it is true of the spouse; None asks whether there is a spouse."""
        result = np.zeros((self.shape.slots, self.shape.width // 8), np.uint8)
        for one, other, married in self.couples:
            result[one] |= married if plane is None else married & plane[other]
            result[other] |= married if plane is None else married & plane[one]
        return result

    def sum_of_spouse(self, values: Array) -> Array:
        result = np.zeros_like(values)
        for one, other, married in self.couples:
            flags = unpack(married)
            np.copyto(result[one], values[other], where=flags)
            np.copyto(result[other], values[one], where=flags)
        return result


@dataclass(frozen=True)
class Uniform:
    """A step that depends on the household's size only, for every size (0 is padding)."""

    by_size: tuple[Any, ...]
    table: Array
    plane: bool


PLAIN: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "floordiv": lambda a, b: a // b,
    "min": min,
    "max": max,
    "gt": lambda a, b: a > b,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "not": lambda a: not a,
    "lookup": lambda table, index: table[index],
    "pick_low": lambda true, false, yes, no: yes if true else no if false else min(yes, no),
    "pick_high": lambda true, false, yes, no: yes if true else no if false else max(yes, no),
}
