"""Turns the columns of a list into the integers the engine calculates with, or says which cell is wrong and how to mend it.

One wrong cell among a million must not become a wrong answer, so nothing is guessed here: a value outside its declared
domain, an unknown code or a decimal where whole numbers belong stops the writing of a snapshot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from welfare.facts.fact import Fact, encode_date

Array = np.ndarray


class SnapshotError(Exception):
    """A list that cannot become a snapshot: `column`, `row` (the first row is 1, None for the whole column), what, mend."""

    def __init__(self, what: str, mend: str, column: str | None = None, row: int | None = None) -> None:
        place = ", ".join(part for part in (column and f"column {column}", row and f"row {row:,}") if part)
        super().__init__(f"{place + ': ' if place else ''}{what}. {mend}")
        self.column, self.row, self.what, self.mend = column, row, what, mend


@dataclass(frozen=True)
class Encoded:
    """One fact for every row: whole numbers (or bools), the domain's lower bound where unknown; `known` is None if all are."""

    values: Array
    known: Array | None


def storage_type(fact: Fact) -> np.dtype:
    """The narrowest type that holds the declared domain: what is stored, and what the kernel compares."""
    if fact.type == "bool":
        return np.dtype(bool)
    if fact.type == "code":
        return np.dtype(np.uint8)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= fact.low and fact.high <= np.iinfo(kind).max:
            return np.dtype(kind)
    return np.dtype(np.int64)


def encode_column(fact: Fact, column: pa.ChunkedArray) -> Encoded:
    """The column of a fact as integers.

    Raises SnapshotError naming the column and the first row whose value has the wrong type or lies outside the domain.
    """
    array = _combined(column)
    if pa.types.is_null(array.type):
        return Encoded(np.full(len(array), fact.low, storage_type(fact)), np.zeros(len(array), bool))
    known = None if array.null_count == 0 else pc.is_valid(array).to_numpy(zero_copy_only=False)
    encode = {"bool": _bools, "code": _codes, "date": _dates}.get(fact.type, _numbers)
    values = encode(fact, array)
    if known is not None and fact.type != "bool":
        values[~known] = fact.low
    return Encoded(values, known)


def text_column(column: pa.ChunkedArray, name: str) -> pa.Array:
    """An identifier or area as text or 64-bit whole numbers. Raises SnapshotError for other types."""
    array = _combined(column)
    if isinstance(array, pa.DictionaryArray):
        array = array.dictionary_decode()
    if pa.types.is_integer(array.type):
        return array.cast(pa.int64())
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        return array.cast(pa.string())
    raise SnapshotError(f"holds {array.type}", "Give text or whole numbers", name)


def _combined(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _bools(fact: Fact, array: pa.Array) -> Array:
    if not pa.types.is_boolean(array.type):
        raise SnapshotError(
            f"holds {array.type}, wanted is true or false", "Convert it to a boolean column", fact.name
        )
    return pc.fill_null(array, False).to_numpy(zero_copy_only=False)


def _codes(fact: Fact, array: pa.Array) -> Array:
    kind = array.type.value_type if isinstance(array, pa.DictionaryArray) else array.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        raise SnapshotError(
            f"holds {array.type}, wanted is text", f"Write one of {', '.join(fact.codes)}", fact.name
        )
    words = array.dictionary if isinstance(array, pa.DictionaryArray) else array
    places = pc.index_in(words, pa.array(fact.codes, words.type))
    if isinstance(array, pa.DictionaryArray):
        places = pc.take(places, array.indices)
    wrong = pc.and_(pc.is_null(places), pc.is_valid(array))
    if (row := pc.index(wrong, True).as_py()) >= 0:
        raise SnapshotError(
            f"{array[row].as_py()!r} is no known code",
            f"Write one of {', '.join(fact.codes)}",
            fact.name,
            row + 1,
        )
    return pc.fill_null(places, 0).to_numpy(zero_copy_only=False).astype(np.uint8)


def _numbers(fact: Fact, array: pa.Array) -> Array:
    if not pa.types.is_integer(array.type):
        raise SnapshotError(
            f"holds {array.type}, wanted are whole numbers", "Convert it to an integer column", fact.name
        )
    _check_domain(fact, array, fact.low, fact.high)
    return (
        pc.fill_null(array, max(fact.low, 0) if fact.high >= 0 else fact.high)
        .to_numpy(zero_copy_only=False)
        .astype(storage_type(fact))
    )


def _dates(fact: Fact, array: pa.Array) -> Array:
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type):
        raise SnapshotError("holds text, wanted are dates", "Convert it to a date column", fact.name)
    if not pa.types.is_temporal(array.type):
        raise SnapshotError(f"holds {array.type}, wanted are dates", "Convert it to a date column", fact.name)
    days = array.cast(pa.date32())
    _check_domain(fact, days.cast(pa.int32()), _days(fact.low), _days(fact.high))
    numbers, first = _calendar()
    return np.take(numbers, pc.fill_null(days.cast(pa.int32()), first).to_numpy(zero_copy_only=False) - first)


def _check_domain(fact: Fact, array: pa.Array, low: int, high: int) -> None:
    ends = pc.min_max(array)
    least, greatest = ends["min"].as_py(), ends["max"].as_py()
    if least is None or (low <= least and greatest <= high):
        return
    wrong = pc.fill_null(pc.or_(pc.less(array, low), pc.greater(array, high)), False)
    row = pc.index(wrong, True).as_py()
    value = array[row].as_py()
    shown = date.fromordinal(EPOCH + value) if fact.type == "date" else f"{value:,}"
    raise SnapshotError(
        f"{shown} is outside {fact.decode(fact.low)} … {fact.decode(fact.high)}",
        "Correct the value, leave it empty if it is not known, or widen the fact's domain",
        fact.name,
        row + 1,
    )


EPOCH = date(1970, 1, 1).toordinal()


def _days(number: int) -> int:
    """yyyymmdd as days since 1970."""
    return date(number // 10000, number // 100 % 100, number % 100).toordinal() - EPOCH


@lru_cache(maxsize=1)
def _calendar() -> tuple[Array, int]:
    """yyyymmdd of every day from 1800 to 2200, and the first of these days since 1970: a look-up beats a calculation."""
    first, last = date(1800, 1, 1).toordinal(), date(2200, 12, 31).toordinal()
    days = np.array([encode_date(date.fromordinal(day)) for day in range(first, last + 1)], np.int32)
    return days, first - EPOCH
