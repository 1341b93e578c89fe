"""The planes and numbers a run kept of each block, read without reading anything else."""

from __future__ import annotations

import mmap
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from welfare.rules.nodes import PERSON
from welfare.screening.encode import Array
from welfare.screening.snapshot import BlockShape

NONE, ALL = -1, -2  # places of planes that are all false or all true and therefore not in the file


class Kept:
    """What was kept of one part of a run; `shapes` are those of its blocks, `scopes` say whose each plane is."""

    def __init__(
        self,
        folder: Path,
        part: int,
        shapes: Sequence[BlockShape],
        scopes: Sequence[str],
        types: Sequence[str],
    ) -> None:
        self._files = {kind: folder / f"{kind}-{part:05d}" for kind in ("planes", "places", "numbers")}
        self.shapes = shapes
        self._persons = np.array([scope == PERSON for scope in scopes], bool)
        self._sizes = [np.dtype(kind).itemsize for kind in types]
        self._types = types

    @cached_property
    def _starts(self) -> list[Array]:
        """For each block the place in the list of places of each plane's first row."""
        starts, before = [], 0
        for shape in self.shapes:
            ends = before + np.cumsum(np.where(self._persons, shape.slots, 1))
            starts.append(np.concatenate([[before], ends]))
            before = int(ends[-1]) if len(ends) else before
        return starts

    @cached_property
    def _places(self) -> Array:
        return np.load(self._files["places"])

    @cached_property
    def _bits(self) -> Array:
        return _mapped(self._files["planes"])

    @cached_property
    def _numbers(self) -> Array:
        return _mapped(self._files["numbers"])

    def plane(self, block: int, number: int) -> Array:
        """A plane of a block, packed: one row, or for persons one row for each slot. Nothing is set in the padding."""
        width, first = self.shapes[block].width // 8, self._starts[block][number]
        rows = [
            self._row(int(self._places[first + i]), width)
            for i in range(self._starts[block][number + 1] - first)
        ]
        return np.stack(rows) if self._persons[number] else rows[0]

    def _row(self, place: int, width: int) -> Array:
        if place < 0:
            return np.full(width, 255 if place == ALL else 0, np.uint8)
        return self._bits[place : place + width]

    def holds(self, block: int, operand: Sequence[Any], row: int, member: int | None) -> bool:
        """Whether an operand of the manifest, [plane or None, opposite], is true of a household or of one of its members."""
        number, opposite = operand
        if number is None:
            return bool(opposite)
        slot = member if member is not None and self._persons[number] else 0
        place = int(self._places[self._starts[block][number] + slot])
        value = place == ALL if place < 0 else bool(self._bits[place + (row >> 3)] >> (row & 7) & 1)
        return value is not opposite

    def number(self, block: int, column: int) -> Array:
        """A kept number of every household of a block, padding included."""
        width = self.shapes[block].width
        start = self._blocks[block] + width * sum(self._sizes[:column])
        return self._numbers[start : start + width * self._sizes[column]].view(self._types[column])

    def sizes(self, block: int) -> Array:
        """The sizes of the households of a block in which they differ, kept after its numbers."""
        shape = self.shapes[block]
        start = self._blocks[block] + shape.width * sum(self._sizes)
        return self._numbers[start : start + shape.width].view(np.int8)

    @cached_property
    def _blocks(self) -> list[int]:
        """Where each block's numbers begin."""
        lengths = [shape.width * (sum(self._sizes) + (shape.size == 0)) for shape in self.shapes]
        return [sum(lengths[:i]) for i in range(len(lengths))]


def _mapped(path: Path) -> Array:
    if not path.stat().st_size:
        return np.zeros(0, np.uint8)
    with path.open("rb") as file:
        return np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
