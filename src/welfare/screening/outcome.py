"""What a block's planes mean: who is entitled to what, how much, whether they get it, and the counts by area.

Few of the many pairs of household and programme are entitled, so they are picked out of the planes sparsely, and amounts,
receipts and exclusions are looked at for these alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from welfare.rules.assessment import PER_YEAR
from welfare.rules.nodes import PERSON
from welfare.rules.plan import Ref, Truth
from welfare.screening.encode import Array
from welfare.screening.exclusion import best, better, patterns
from welfare.screening.kernel import Kernel, Values, bits_at
from welfare.screening.snapshot import Block, bit_mask

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

NOBODY = -1  # no slot, no amount, no better programme; receives: not known
COUNTS = (
    "entitled",
    "receiving",
    "missed",
    "not_entitled",
    "won_low",
    "won_high",
    "missed_won_low",
    "missed_won_high",
    "subjects",
)
EXACT = 2**53  # whole numbers a float keeps, for sums by bincount


@dataclass(frozen=True)
class Decided:
    """A programme as far as a run needs it; picklable, unlike the rules."""

    id: str
    subject: str
    per: str
    criteria: tuple[str, ...]
    criterion_truths: tuple[Truth, ...]
    answer: Truth
    receives: Truth | None
    pays: bool

    @property
    def of_person(self) -> bool:
        return self.subject == PERSON


class Screening:
    """The rules ready for a population: call it with a block."""

    def __init__(self, rules: RuleSet, kernel: Kernel) -> None:
        self.kernel = kernel
        self.programmes = tuple(
            Decided(
                name,
                programme.subject,
                programme.amount.per,
                tuple(criterion.id for criterion in programme.criteria),
                tuple(lowered.criteria),
                lowered.answer,
                lowered.receives,
                lowered.amount is not None,
            )
            for name, programme in rules.programmes.items()
            for lowered in (kernel.plan.programmes[name],)
        )
        index = {name: i for i, name in enumerate(rules.programmes)}
        pairs = {
            tuple(sorted((name, other)))
            for name, programme in rules.programmes.items()
            for other in programme.excludes
            if other in index
        }
        self.exclusive = tuple((index[one], index[other]) for one, other in sorted(pairs))

    def __call__(self, block: Block) -> Outcome:
        return Outcome(self, block, self.kernel(block))

    def description(self) -> dict[str, Any]:
        """What a reader of a run must know to find its way: programmes, criteria, and where their planes are."""
        place = {step: i for i, step in enumerate(self.kernel.stored)}

        def operand(value: Ref | bool) -> list[object]:
            step, opposite = self.kernel.base(value)
            return [None if step is None else place[step], opposite]

        def truth(value: Truth) -> list[object]:
            return [operand(value.true), operand(value.false)]

        return {
            "programmes": [
                {
                    "id": p.id,
                    "subject": p.subject,
                    "per": p.per,
                    "pays": p.pays,
                    "criteria": [[id, truth(t)] for id, t in zip(p.criteria, p.criterion_truths, strict=True)],
                    "answer": truth(p.answer),
                    "receives": None if p.receives is None else truth(p.receives),
                }
                for p in self.programmes
            ],
            "plane_scopes": [self.kernel.plan.steps[step].scope for step in self.kernel.stored],
        }


class Outcome:
    """The outcome for one block."""

    def __init__(self, screening: Screening, block: Block, values: Values) -> None:
        self.screening, self.block, self.values = screening, block, values
        self.shape = block.shape
        self.rows = block.shape.rows
        shape = self.shape
        mask = bit_mask(shape.rows, shape.width)
        self._mask = mask
        self._mask_persons = mask if values.frame.there is None else values.frame.there
        self.last_word = mask.view(np.uint64)[-1]
        heights = [shape.slots if p.of_person else 1 for p in screening.programmes]
        self.starts = np.concatenate([[0], np.cumsum(heights)])  # first plane of each programme
        self.entitled = self._stack("true")
        self._find_pairs()
        self._decide_pairs()

    def _stack(self, end: str) -> Array:
        """The answers of all programmes as rows of bits; members one after the other, nobody in the padding."""
        stack = np.empty((int(self.starts[-1]), self.shape.width // 8), np.uint8)
        for programme, start in zip(self.screening.programmes, self.starts, strict=False):
            plane = self.values.plane(getattr(programme.answer, end))
            if programme.of_person:
                np.bitwise_and(plane, self._mask_persons, out=stack[start : start + self.shape.slots])
            else:
                np.bitwise_and(plane, self._mask, out=stack[start])
        return stack

    def _find_pairs(self) -> None:
        """The entitled, in the order programme, slot, row."""
        words = np.flatnonzero(self.entitled.view(np.uint64).ravel())
        some = np.unpackbits(self.entitled.reshape(-1, 8)[words], axis=None, bitorder="little").view(bool)
        found = np.flatnonzero(some)
        places = words[found >> 6] * 64 + (found & 63)
        self.bounds = np.searchsorted(places, self.starts * self.shape.width)
        counts = np.diff(self.bounds)
        self.programme = np.repeat(np.arange(len(counts), dtype=np.int16), counts)
        plane = places // self.shape.width
        self.row = (places - plane * self.shape.width).astype(np.int32)
        self.slot = (plane - self.starts[self.programme]).astype(np.int8)

    def _decide_pairs(self) -> None:
        pairs = len(self.row)
        self.low, self.high = np.full(pairs, NOBODY, np.int64), np.full(pairs, NOBODY, np.int64)
        self.receives = np.full(pairs, NOBODY, np.int8)
        self.set_aside_for = np.full(pairs, NOBODY, np.int16)
        kernel, values = self.screening.kernel, self.values
        for i, programme in enumerate(self.screening.programmes):
            start, end = self.bounds[i], self.bounds[i + 1]
            if start == end:
                continue
            rows, slots = self.row[start:end], self.slot[start:end]
            flat = slots.astype(np.int64) * self.shape.width + rows
            if programme.pays:
                amount = kernel.amounts[programme.id]
                if amount.function is None:
                    self.low[start:end], self.high[start:end] = amount.low, amount.high
                else:
                    self.low[start:end], self.high[start:end] = kernel.functions[amount.function](
                        values.frame, values.kept, rows, flat
                    )
            if programme.receives is not None:
                truth = programme.receives
                places = flat if self._is_person(truth) else rows
                self.receives[start:end][bits_at(values.plane(truth.false), places)] = 0
                self.receives[start:end][bits_at(values.plane(truth.true), places)] = 1
            if not programme.of_person:
                slots[:] = NOBODY
        self._set_aside()

    def _is_person(self, truth: Truth) -> bool:
        return any(self.screening.kernel.plan.scope(operand) == PERSON for operand in (truth.true, truth.false))

    def _set_aside(self) -> None:
        """Beside each entitlement that loses to an exclusive one stands the better programme."""
        edges = [self._meeting(one, other) for one, other in self.screening.exclusive]
        rivals = np.unique(np.concatenate([end for edge in edges for end in edge] or [np.zeros(0, int)]))
        if not len(rivals):
            return
        rivals = rivals[np.argsort(self.row[rivals], kind="stable")]
        nodes = self.programme[rivals].astype(np.int64) * 32 + self.slot[rivals] + 1
        per_year = np.array([PER_YEAR[programme.per] for programme in self.screening.programmes])
        worth = self.low[rivals].clip(0) * per_year[self.programme[rivals]]
        for pattern, places in patterns(self.row[rivals], nodes):
            graph = self._rivals(pattern)
            won = worth[places].T
            winner = better(graph, won, best(graph, won))
            loses = winner >= 0
            self.set_aside_for[rivals[places.T[loses]]] = pattern[winner[loses]] // 32

    def _rivals(self, nodes: Array) -> dict[int, set[int]]:
        """Which of these (programme and member) exclude each other."""
        exclusive = {pair for one, other in self.screening.exclusive for pair in ((one, other), (other, one))}
        programme, member = nodes // 32, nodes % 32
        return {
            i: {
                j
                for j in range(len(nodes))
                if (programme[i], programme[j]) in exclusive and (not member[i] or not member[j] or member[i] == member[j])
            }
            for i in range(len(nodes))
        }

    def _meeting(self, one: int, other: int) -> tuple[Array, Array]:
        """The pairs of two programmes that meet in a household, or in a person where both speak of persons."""
        a = np.arange(self.bounds[one], self.bounds[one + 1])
        b = np.arange(self.bounds[other], self.bounds[other + 1])
        if not len(a) or not len(b):
            return a[:0], b[:0]
        persons = all(self.screening.programmes[i].of_person for i in (one, other))
        keys = [self.row[part].astype(np.int64) * 32 + (self.slot[part] if persons else 0) for part in (a, b)]
        order = [np.argsort(key, kind="stable") for key in keys]
        a, b, keys = a[order[0]], b[order[1]], [key[o] for key, o in zip(keys, order, strict=True)]
        left, right = np.searchsorted(keys[1], keys[0]), np.searchsorted(keys[1], keys[0], side="right")
        counts = right - left
        first = np.repeat(a, counts)
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return first, b[np.repeat(left, counts) + offset]

    # What is kept ---------------------------------------------------------------------------------------------------------------------

    def pairs(self) -> pa.RecordBatch:
        """The entitled: place of the programme, row and slot in the block, won, receipt (1, 0, -1 not known)."""
        return pa.record_batch(
            {
                "programme": self.programme,
                "row": self.row,
                "slot": self.slot,
                "low": self.low,
                "high": self.high,
                "receives": self.receives,
                "set_aside_for": self.set_aside_for,
            }
        )

    def planes(self) -> Iterator[Array]:
        """The planes a run keeps, row after row."""
        scopes = self.screening.kernel.plan.steps
        for step in self.screening.kernel.stored:
            plane = self.values.planes[step]
            if scopes[step].scope == PERSON:
                yield from plane & self._mask_persons
            else:
                yield plane & self._mask

    @cached_property
    def _areas(self) -> tuple[Array, Array]:
        """(number of each area in the block, its first row), and the end of the last."""
        areas = self.block.areas
        if areas is None:
            return np.zeros(1, np.int32), np.array([0, self.rows])
        starts = np.flatnonzero(np.diff(areas, prepend=areas[0] - 1))
        return areas[starts], np.append(starts, self.rows)

    def counts(self) -> Iterator[tuple[int, Array]]:
        """For each area the `COUNTS` of every programme, shape (counts, programmes)."""
        areas, bounds = self._areas
        programmes = len(self.screening.programmes)
        cells = self.programme.astype(np.int64) * len(areas)
        if len(areas) > 1:
            cells += np.searchsorted(bounds, self.row, side="right") - 1

        def count(chosen: Array | None = None) -> Array:
            found = np.bincount(cells if chosen is None else cells[chosen], minlength=programmes * len(areas))
            return found.reshape(programmes, len(areas))

        def won(amounts: Array, chosen: Array | None = None) -> Array:
            part, where = (amounts, cells) if chosen is None else (amounts[chosen], cells[chosen])
            if len(part) and int(part.max()) * len(part) >= EXACT:
                found = np.zeros(programmes * len(areas), np.int64)
                np.add.at(found, where, part)
            else:
                found = np.bincount(where, part, programmes * len(areas)).astype(np.int64)
            return found.reshape(programmes, len(areas))

        missed = self.receives == 0
        low, high = self.low.clip(0), self.high.clip(0)
        persons = np.array([p.of_person for p in self.screening.programmes])
        households, members = np.diff(bounds), self._members(bounds)
        refused = np.add.reduceat(counted(self._stack("false"), bounds), self.starts[:-1], axis=0)
        found = np.stack(
            [
                count(),
                count(self.receives == 1),
                count(missed),
                refused,
                won(low),
                won(high),
                won(low, missed),
                won(high, missed),
                np.where(persons[:, None], members, households),
            ]
        )
        for place, area in enumerate(areas):
            yield int(area), np.ascontiguousarray(found[:, :, place])

    def _members(self, bounds: Array) -> Array:
        if self.shape.size:
            return np.diff(bounds) * self.shape.size
        return np.add.reduceat(self.block.sizes[: self.rows].astype(np.int64), bounds[:-1])


def counted(stack: Array, bounds: Array) -> Array:
    """How many bits of each plane are set between the bounds: shape (planes, len(bounds) - 1)."""
    words = stack.view(np.uint64)
    each = np.bitwise_count(words)
    if len(bounds) == 2:
        return each.sum(axis=1, dtype=np.int64)[:, None]
    upto = np.zeros((len(words), words.shape[1] + 1), np.int64)
    np.cumsum(each, axis=1, out=upto[:, 1:])
    place, bit = bounds >> 6, (bounds & 63).astype(np.uint64)
    inside = bit > 0
    result = upto[:, place]
    below = (np.uint64(1) << bit[inside]) - np.uint64(1)
    result[:, inside] += np.bitwise_count(words[:, place[inside]] & below)
    return np.diff(result, axis=1)
