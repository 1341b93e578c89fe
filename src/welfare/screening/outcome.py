"""What a block's planes mean: who is entitled to what, how much, whether they get it, and the counts by area.

Few of the many pairs of household and programme are entitled, so they are picked out of the planes sparsely, and amounts,
receipts and exclusions are looked at for these alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pyarrow as pa

from welfare.rules.assessment import PER_YEAR
from welfare.rules.nodes import PERSON
from welfare.rules.plan import Lowered, Ref, Truth
from welfare.screening.arrange import arrow
from welfare.screening.encode import Array
from welfare.screening.exclusion import best, better, patterns
from welfare.screening.frame import bits_at
from welfare.screening.kernel import Kernel, Values
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

        signatures = self.kernel.plan.signatures

        return {
            "programmes": [
                {
                    "id": p.id,
                    "subject": p.subject,
                    "per": p.per,
                    "pays": p.pays,
                    "criteria": [
                        [id, truth(t)] for id, t in zip(p.criteria, p.criterion_truths, strict=True)
                    ],
                    "answer": truth(p.answer),
                    "amount": amount_signature(self.kernel.plan.programmes[p.id], signatures),
                    "receives": None if p.receives is None else truth(p.receives),
                }
                for p in self.programmes
            ],
            "plane_scopes": [self.kernel.plan.steps[step].scope for step in self.kernel.stored],
            "plane_signatures": [signatures[step] for step in self.kernel.stored],
            "numbers": [
                {
                    "signature": signatures[step],
                    "type": self.kernel.kept_type(step),
                    "clipped": self.kernel.clipped(step),
                }
                for step in self.kernel.numbers
            ],
        }


_prepared: WeakKeyDictionary[RuleSet, dict[frozenset[tuple[str, bool]], Screening]] = WeakKeyDictionary()


def prepared(rules: RuleSet, gaps: Mapping[str, bool]) -> Screening:
    """The rules ready for lists with these gaps; made once for each."""
    made = _prepared.setdefault(rules, {})
    key = frozenset(gaps.items())
    if key not in made:
        made[key] = Screening(rules, Kernel(rules, gaps))
    return made[key]


def amount_signature(lowered: Lowered, signatures: list[str]) -> list[object]:
    """What an amount is made of: equal in two runs exactly when both compute it alike."""
    if lowered.amount is None:
        return []
    return [
        signatures[end.index] if isinstance(end, Ref) else end
        for end in (lowered.amount.low, lowered.amount.high)
    ]


class Outcome:
    """The outcome for one block."""

    def __init__(self, screening: Screening, block: Block, values: Values) -> None:
        self.screening, self.block, self.values = screening, block, values
        self.shape = block.shape
        self.rows = block.shape.rows
        shape = self.shape
        mask = bit_mask(shape.rows, shape.width)
        self._mask = mask
        heights = [shape.slots if p.of_person else 1 for p in screening.programmes]
        self.starts = np.concatenate([[0], np.cumsum(heights)])  # first plane of each programme
        self.entitled = self._stack("true")
        self._find_pairs()
        self._decide_pairs()

    def _stack(self, end: str) -> Array:
        """The answers of all programmes as rows of bits; members one after the other, nobody in the padding."""
        planes = []
        for programme in self.screening.programmes:
            plane = self.values.plane(getattr(programme.answer, end))
            if programme.of_person and plane.ndim == 1:
                plane = np.broadcast_to(plane, (self.shape.slots, len(plane)))
            planes.append(plane)
        return self._joined(planes, [programme.of_person for programme in self.screening.programmes])

    def _joined(self, planes: list[Array], of_person: list[bool]) -> Array:
        """Planes one below the other; those of persons take a row for each slot. Nobody in the padding."""
        stack = np.concatenate([plane.reshape(-1) for plane in planes]).reshape(-1, self.shape.width // 8)
        if self.values.frame.there is None:
            if self.rows < self.shape.width:
                stack &= self._mask
        else:
            row = 0
            for person in of_person:
                rows = slice(row, row + (self.shape.slots if person else 1))
                stack[rows] &= self.values.frame.there if person else self._mask
                row = rows.stop
        return stack

    def _find_pairs(self) -> None:
        """The entitled, in the order programme, slot, row."""
        # First the words with anything in them, then their bytes, then the bits: most words are empty.
        words = np.flatnonzero(self.entitled.view(np.uint64).ravel() != 0)
        octets = self.entitled.reshape(-1, 8)[words].ravel()
        some = np.flatnonzero(octets != 0)
        found = np.flatnonzero(np.unpackbits(octets[some], bitorder="little").view(bool))
        octet = some[found >> 3]
        places = words[octet >> 3] * 64 + (octet & 7) * 8 + (found & 7)
        width = self.shape.width
        ends = np.searchsorted(places, np.arange(len(self.entitled) + 1) * width)
        plane = np.repeat(np.arange(len(self.entitled)), np.diff(ends))
        self.bounds = ends[self.starts]
        self.programme = np.repeat(np.arange(len(self.starts) - 1, dtype=np.int16), np.diff(self.bounds))
        self.row = (places - plane * width).astype(np.int32)
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
                self.low[start:end], self.high[start:end] = kernel.amount(amount, values, rows, flat)
            if programme.receives is not None:
                truth = programme.receives
                places = flat if self._is_person(truth) else rows
                self.receives[start:end][bits_at(values.plane(truth.false), places)] = 0
                self.receives[start:end][bits_at(values.plane(truth.true), places)] = 1
            if not programme.of_person:
                slots[:] = NOBODY
        self._set_aside()

    def _is_person(self, truth: Truth) -> bool:
        return any(
            self.screening.kernel.plan.scope(operand) == PERSON for operand in (truth.true, truth.false)
        )

    def _set_aside(self) -> None:
        """Beside each entitlement that loses to an exclusive one stands the better programme."""
        meetings = [self._meeting(one, other) for one, other in self.screening.exclusive]
        touched = np.zeros(len(self.row), bool)
        for meeting in meetings:
            for end in meeting:
                touched[end] = True
        rivals = np.flatnonzero(touched)
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
                if (programme[i], programme[j]) in exclusive
                and (not member[i] or not member[j] or member[i] == member[j])
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
        columns = {
            "programme": self.programme,
            "row": self.row,
            "slot": self.slot,
            "low": self.low,
            "high": self.high,
            "receives": self.receives,
            "set_aside_for": self.set_aside_for,
        }
        return pa.record_batch({name: arrow(values) for name, values in columns.items()})

    def planes(self) -> tuple[Array, Array, Array]:
        """The planes a run keeps, one below the other, and which of them are all false and all true."""
        kernel = self.screening.kernel
        persons = [kernel.plan.steps[step].scope == PERSON for step in kernel.stored]
        stack = self._joined([self.values.planes[step] for step in kernel.stored], persons)
        words = stack.view(np.uint64)
        none = ~(words != 0).any(axis=1)
        full = self._mask.view(np.uint64)
        all_true = words[:, 0] == full[0]
        all_true[all_true] = (words[all_true] == full).all(axis=1)
        return stack, none, all_true

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
        shape = (len(self.screening.programmes), len(areas))
        cells = self.programme.astype(np.int64)
        if len(areas) > 1:
            cells *= len(areas)
            cells += np.repeat(np.arange(len(areas)), np.diff(bounds))[self.row]

        def count(where: Array) -> Array:
            return np.bincount(where, minlength=shape[0] * shape[1]).reshape(shape)

        def won(amounts: Array, where: Array) -> Array:
            amounts = amounts.clip(0)
            if len(amounts) and int(amounts.max()) * len(amounts) >= EXACT:
                found = np.zeros(shape[0] * shape[1], np.int64)
                np.add.at(found, where, amounts)
            else:
                found = np.bincount(where, amounts, shape[0] * shape[1]).astype(np.int64)
            return found.reshape(shape)

        missed = np.flatnonzero(self.receives == 0)
        missing = cells[missed]
        persons = np.array([p.of_person for p in self.screening.programmes])
        refused = counted(self._stack("false"), bounds)
        if len(refused) > shape[0]:
            refused = np.add.reduceat(refused, self.starts[:-1], axis=0)
        found = np.stack(
            [
                count(cells),
                count(cells[self.receives == 1]),
                count(missing),
                refused,
                won(self.low, cells),
                won(self.high, cells),
                won(self.low[missed], missing),
                won(self.high[missed], missing),
                np.where(persons[:, None], self._members(bounds), np.diff(bounds)),
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
        return each.sum(axis=1, dtype=np.int32)[:, None]
    upto = np.zeros((len(words), words.shape[1] + 1), np.int32)
    np.cumsum(each, axis=1, dtype=np.int32, out=upto[:, 1:])
    place, bit = bounds >> 6, (bounds & 63).astype(np.uint64)
    inside = bit > 0
    result = upto[:, place]
    below = (np.uint64(1) << bit[inside]) - np.uint64(1)
    result[:, inside] += np.bitwise_count(words[:, place[inside]] & below)
    return np.diff(result, axis=1)
