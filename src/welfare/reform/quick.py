"""One changed figure, a whole nation, in a blink: what a reform does to the programmes it touches, from what
a run kept.

The run kept the truth of every criterion and the few numbers that limits are held against. A changed limit
needs one comparison of a number that is there already; everything else about the programme is read, nothing
else about the nation is looked at. What cannot be read is computed from the snapshot, so any reform is
answered; a small one is answered at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from welfare.rules.plan import Plan, Ref
from welfare.screening.encode import Array
from welfare.screening.kept import Kept
from welfare.screening.kernel import Given, Kernel
from welfare.screening.outcome import amount_signature
from welfare.screening.results import Run, RunError
from welfare.screening.snapshot import Block, BlockShape, OpenShard, bit_mask

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

COUNTS = ("gained", "lost", "more", "less", "won_low_difference", "won_high_difference")


def quick(run: Run, rules: RuleSet) -> pa.Table:
    """What changes from `run` to `rules`, for each programme that changes; the columns of `Run.compare`.

    `run` must have kept its planes, and its snapshot must still be there. Raises RunError otherwise.
    """
    if not run.manifest["planes"]:
        raise RunError("this run kept no planes", "Screen again with planes=True")
    plan = rules.plan_for(run.snapshot.gaps)
    changed = _changed(run, plan)
    table: dict[str, Any] = {"programme": list(changed)} | {
        name: np.zeros(len(changed), np.int64) for name in COUNTS
    }
    if changed:
        question = _Question(run, rules, plan, changed)
        for line, counts in question.answers():
            for name, count in zip(COUNTS, counts, strict=True):
                table[name][line] += count
    return pa.table(table)


def _changed(run: Run, plan: Plan) -> dict[str, bool]:
    """The programmes that are new, gone, or decide or pay otherwise → whether the amount is made otherwise."""
    signatures = plan.signatures
    old = {programme["id"]: programme for programme in run.manifest["programmes"]}
    changed = {name: True for name in old if name not in plan.programmes}
    for name, lowered in plan.programmes.items():
        same_amount = name in old and old[name]["amount"] == amount_signature(lowered, signatures)
        same_answer = name in old and _signature(run, old[name]["answer"][0]) == _of(
            plan, signatures, lowered.answer.true
        )
        if not same_amount or not same_answer:
            changed[name] = not same_amount
    return changed


def _signature(run: Run, operand: list[Any]) -> tuple[str | None, bool]:
    number, opposite = operand
    return (None if number is None else run.manifest["plane_signatures"][number]), opposite


def _of(plan: Plan, signatures: list[str], operand: Ref | bool) -> tuple[str | None, bool]:
    if not isinstance(operand, Ref):
        return None, operand
    step = plan.steps[operand.index]
    if step.op == "not":
        return signatures[step.args[0].index], True  # type: ignore[attr-defined]
    return signatures[operand.index], False


class _Question:
    """The changed programmes, asked of every block."""

    def __init__(self, run: Run, rules: RuleSet, plan: Plan, changed: dict[str, bool]) -> None:
        self.run, self.rules, self.changed = run, rules, changed
        self.old = {
            programme["id"]: (place, programme) for place, programme in enumerate(run.manifest["programmes"])
        }
        self.wanted = [name for name in changed if name in plan.programmes]
        numbers = list(enumerate(run.manifest["numbers"]))
        given = Given(
            {signature: i for i, signature in enumerate(run.manifest["plane_signatures"])},
            {number["signature"]: i for i, number in numbers if not number["clipped"]},
            {number["signature"]: i for i, number in numbers if number["clipped"]},
        )
        self.kernel = Kernel(rules, run.snapshot.gaps, self.wanted, given)
        self._amounts: Kernel | None = None

    def answers(self) -> Iterator[tuple[int, list[int]]]:
        """(place of the programme among the changed, `COUNTS`) for every block where something changes."""
        for part, (shard, first, last) in enumerate(self.run.manifest["parts"]):
            shapes = self.run.snapshot.shards[shard].blocks[first:last]
            memory = _Memory(self.run, part, shard, first)
            for number, shape in enumerate(shapes):
                yield from self._block(memory.block(number, shape))

    def _block(self, block: _RememberedBlock) -> Iterator[tuple[int, list[int]]]:
        values = self.kernel(block)
        shape = block.shape
        mask = bit_mask(shape.rows, shape.width)
        for line, (name, other_amount) in enumerate(self.changed.items()):
            before = self._before(block, name)
            after = before & 0
            person = self._of_person(name)
            if name in self.wanted:
                after = values.plane(self.kernel.plan.programmes[name].answer.true)
                if person:
                    after = after & (mask if values.frame.there is None else values.frame.there)
                else:
                    after = after & mask
            gained, lost = after & ~before, before & ~after
            stays = before & after if other_amount else None
            if stays is not None and stays.any() or gained.any() or lost.any():
                yield line, self._difference(block, name, gained, lost, stays)

    def _difference(
        self, block: _RememberedBlock, name: str, gained: Array, lost: Array, stays: Array | None
    ) -> list[int]:
        counts = [int(np.bitwise_count(plane).sum()) for plane in (gained, lost)]
        if stays is None and (fixed := self._fixed(name)) is not None:
            return [*counts, 0, 0, *((counts[0] - counts[1]) * end for end in fixed)]
        won = np.zeros(2, np.int64)
        if counts[0]:
            won += self._computed(block, name, places(gained)).sum(axis=1)
        if counts[1]:
            won -= self._stored(block, name, places(lost)).sum(axis=1)
        steps = np.zeros(0, np.int64)
        if stays is not None:
            where = places(stays)
            change = self._computed(block, name, where) - self._stored(block, name, where)
            won += change.sum(axis=1)
            steps = change[0]
        return [*counts, int((steps > 0).sum()), int((steps < 0).sum()), int(won[0]), int(won[1])]

    def _fixed(self, name: str) -> tuple[int, int] | None:
        """The amount where it is the same for everybody, before and after."""
        amount = self.kernel.plan.programmes[name].amount
        if amount is None:
            return 0, 0
        return (
            None if isinstance(amount.low, Ref) or isinstance(amount.high, Ref) else (amount.low, amount.high)
        )

    def _of_person(self, name: str) -> bool:
        if name in self.wanted:
            return self.rules.programmes[name].subject == "person"
        return bool(self.old[name][1]["subject"] == "person")

    def _before(self, block: _RememberedBlock, name: str) -> Array:
        """The surely entitled of the run, as a plane without padding."""
        shape = block.shape
        rows = shape.slots if self._of_person(name) else 1
        if name not in self.old:
            return np.zeros((rows, shape.width // 8), np.uint8)
        number, opposite = self.old[name][1]["answer"][0]
        mask = bit_mask(shape.rows, shape.width)
        if self._of_person(name) and not shape.size:
            mask = np.packbits(np.arange(shape.slots)[:, None] < block.sizes, axis=1, bitorder="little")
        if number is None:
            plane = mask if opposite else mask & 0
        else:
            plane = block.given_plane(number)
            plane = mask & ~plane if opposite else mask & plane
        return np.broadcast_to(plane, (rows, shape.width // 8))

    def _stored(self, block: _RememberedBlock, name: str, where: Array) -> Array:
        """What the run's entitled get at these places (slots and rows counted together): shape (2, places)."""
        if name not in self.old or not len(where):
            return np.zeros((2, len(where)), np.int64)
        batch = block.pairs
        chosen = np.flatnonzero(batch.column("programme").to_numpy() == self.old[name][0])
        # Pairs of one programme stand in the order of slots and rows.
        known = batch.column("slot").to_numpy()[chosen].clip(0).astype(np.int64) * block.shape.width
        known += batch.column("row").to_numpy()[chosen]
        found = chosen[np.searchsorted(known, where)]
        return np.stack([batch.column(end).to_numpy()[found].clip(0) for end in ("low", "high")])

    def _computed(self, block: _RememberedBlock, name: str, where: Array) -> Array:
        """What these places get under the new rules: shape (2, places)."""
        won = np.zeros((2, len(where)), np.int64)
        fixed = self._fixed(name) if name in self.wanted else (0, 0)
        if fixed is not None:
            won[:] = np.array(fixed)[:, None]
        elif len(where):
            if self._amounts is None:
                self._amounts = Kernel(self.rules, self.run.snapshot.gaps, self.wanted)
            values = block.computed(self._amounts)
            amount = self._amounts.amounts[name]
            won[0], won[1] = self._amounts.amount(amount, values, where % block.shape.width, where)
        return won


def places(plane: Array) -> Array:
    """The set bits of a plane, slots and rows counted together."""
    return np.flatnonzero(np.unpackbits(plane.ravel(), bitorder="little").view(bool))


class _Memory:
    """One part of a run, opened as far as somebody asks."""

    def __init__(self, run: Run, part: int, shard: int, first: int) -> None:
        self.run, self.part, self.shard, self.first = run, part, shard, first
        self.kept: Kept = run.kept(part)
        self._files: OpenShard | None = None

    def block(self, number: int, shape: BlockShape) -> _RememberedBlock:
        return _RememberedBlock(self, number, shape)

    def snapshot_block(self, number: int) -> Block:
        if self._files is None:
            self._files = self.run.snapshot.open(self.run.snapshot.shards[self.shard])
        return self._files.block(self.first + number)


class _RememberedBlock(Block):
    """A block whose planes and numbers come from a run; the snapshot is opened only for what the run did not
    keep.
    """

    def __init__(self, memory: _Memory, number: int, shape: BlockShape) -> None:
        self.shape, self._memory, self._number = shape, memory, number
        self._block: Block | None = None
        self._values: Any = None

    @property
    def _whole(self) -> Block:
        if self._block is None:
            self._block = self._memory.snapshot_block(self._number)
        return self._block

    def numbers(self, name: str) -> Array:
        return self._whole.numbers(name)

    def bits(self, name: str) -> Array:
        return self._whole.bits(name)

    def known(self, name: str) -> Array | None:
        return self._whole.known(name)

    @property
    def sizes(self) -> Array:
        return self._memory.kept.sizes(self._number)

    def given_plane(self, number: int) -> Array:
        return self._memory.kept.plane(self._number, number)

    def given_number(self, number: int) -> Array:
        return self._memory.kept.number(self._number, number)

    @property
    def pairs(self) -> pa.RecordBatch:
        return self._memory.run.pair_batch(self._memory.part, self._number)

    def computed(self, kernel: Kernel) -> Any:
        if self._values is None:
            self._values = kernel(self._whole)
        return self._values
