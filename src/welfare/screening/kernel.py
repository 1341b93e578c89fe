"""A whole block of households at once: the plan written down as NumPy.

The steps are those of the function for one household; only the way of writing them differs. A truth is a plane of packed bits,
eight households a byte, a number an array of the narrowest type its proven range fits. What depends on nothing but the household's
size is worked out once for each size and, in a block of one size, is a plain constant. Amounts are computed afterwards, and
only for those who are entitled.

`frame.py` holds the primitives, `writer.py` writes the code; what is computed where is decided here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from welfare.facts.fact import HOUSEHOLD_SIZE, HOUSEHOLD_SIZE_MAX
from welfare.rules.nodes import PERSON
from welfare.rules.plan import Lowered, Plan, Ref, Step, Truth
from welfare.screening.encode import Array, storage_type
from welfare.screening.frame import INT32, PLAIN, PRIMITIVES, Frame, Uniform
from welfare.screening.snapshot import Block
from welfare.screening.writer import LEAVES, OVER_MEMBERS, Writer, fitting

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

NUMBERS_KEPT = 16  # at most, of each household


@dataclass
class Amount:
    """How to compute a programme's amount for some rows: constants, or the name of one of the kernel's `functions`."""

    low: int | None
    high: int | None
    function: str | None


@dataclass(frozen=True)
class Given:
    """Planes and numbers an earlier run kept: signature of the step (in a kernel: the step) → place among them."""

    planes: Mapping[Any, int]
    numbers: Mapping[Any, int]
    clipped: Mapping[
        Any, int
    ]  # numbers cut to 32 bits: good for comparing with limits that fit, for nothing else


@dataclass
class Values:
    """What the generated code computed of a block."""

    frame: Frame
    planes: dict[int, Array] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    numbers: list[Array] = field(default_factory=list)

    def plane(self, operand: Ref | bool) -> Array:
        """The plane of any output, constants included."""
        if not isinstance(operand, Ref):
            return self.frame.ones if operand else self.frame.zeros
        return self.planes[operand.index]


class Kernel:
    """The rules of one day for lists with these gaps. Call it with a block.

    `stored` are the steps whose planes a run keeps; every criterion, answer and receipt is one of them or the opposite of one.
    """

    def __init__(
        self,
        rules: RuleSet,
        gaps: Mapping[str, bool],
        programmes: Collection[str] | None = None,
        given: Given | None = None,
    ) -> None:
        """For all programmes, or only for some.

        What is `given` is read from an earlier run and not computed again, and then nothing but the answers is computed.
        """
        whole = rules.plan_for(gaps)
        self.plan = whole
        if programmes is not None:
            self.plan = Plan(whole.steps, {name: whole.programmes[name] for name in programmes})
        ends = [
            end
            for low in self.plan.programmes.values()
            if low.amount
            for end in (low.amount.low, low.amount.high)
        ]
        self._needed = self.plan.needed([*self.plan.decisions(), *ends])
        self.facts = rules.facts
        self.constants: dict[str, Any] = {}
        self.uniform = self._uniform()
        self.types = self._types()
        self.answers_only = given is not None
        self.given = Given({}, {}, {})
        if given is not None:
            signatures = list(enumerate(whole.signatures))
            kinds = (given.planes, given.numbers, given.clipped)
            self.given = Given(*({i: kind[s] for i, s in signatures if s in kind} for kind in kinds))
        self.stored = () if self.answers_only else self._stored()
        self.numbers = () if self.answers_only else self._numbers()
        self.outputs = tuple(dict.fromkeys(self._output_steps()))
        block = self._block_steps()
        self._writer = Writer(self, set(block))
        for index in block:
            self._writer.step(index)
        self.amounts = {
            name: self._amount(lowered)
            for name, lowered in self.plan.programmes.items()
            if lowered.amount is not None and not self.answers_only
        }
        self.source = self._writer.function(
            self.outputs, [self._writer.column(index) for index in self.numbers]
        )
        self.functions: dict[str, Callable[..., Any]] = {}
        self.compile()

    def compile(self) -> None:
        """Makes the functions from their source; a worker does this anew, functions do not travel."""
        names: dict[str, Any] = dict(PRIMITIVES) | self.constants
        exec(compile(self.source, "<kernel>", "exec"), names)  # noqa: S102 - made of primitives only, see above
        self.functions = {
            name: value for name, value in names.items() if name == "decide" or name.startswith("amount_")
        }

    def __getstate__(self) -> dict[str, Any]:
        kept = ("plan", "constants", "uniform", "stored", "numbers", "amounts", "source")
        return {name: self.__dict__[name] for name in kept} | {"functions": {}}

    def __call__(self, block: Block) -> Values:
        frame = Frame(block, self.uniform)
        values = Values(frame)
        values.planes, values.kept, values.numbers = self.functions["decide"](frame)
        return values

    def amount(self, amount: Amount, values: Values, rows: Array, flat: Array) -> tuple[Any, Any]:
        """Both ends of an amount for some rows of a block; `flat` counts slots and rows together."""
        if amount.function is None:
            return amount.low, amount.high
        low, high = self.functions[amount.function](values.frame, values.kept, rows, flat)
        return low, high

    # What is computed where --------------------------------------------------------------------------------------------------------

    def base(self, operand: Ref | bool) -> tuple[int | None, bool]:
        """(stored step, whether the operand is its opposite); a constant has no step."""
        if not isinstance(operand, Ref):
            return None, operand
        step = self.plan.steps[operand.index]
        if step.op == "not":
            return step.args[0].index, True  # type: ignore[attr-defined]
        return operand.index, False

    def truths(self) -> Iterable[Truth]:
        for lowered in self.plan.programmes.values():
            yield from lowered.criteria
            yield lowered.answer
            if lowered.receives is not None:
                yield lowered.receives

    def _stored(self) -> tuple[int, ...]:
        found: dict[int, None] = {}
        for truth in self.truths():
            for operand in (truth.true, truth.false):
                index, _ = self.base(operand)
                if index is not None:
                    found[index] = None
        return tuple(found)

    def _output_steps(self) -> list[int]:
        if self.answers_only:
            surely = [lowered.answer.true for lowered in self.plan.programmes.values()]
            return [answer.index for answer in surely if isinstance(answer, Ref)]
        answers = [
            operand.index
            for lowered in self.plan.programmes.values()
            for truth in (lowered.answer, lowered.receives)
            if truth is not None
            for operand in (truth.true, truth.false)
            if isinstance(operand, Ref)
        ]
        return [*self.stored, *answers]

    def _numbers(self) -> tuple[int, ...]:
        """Numbers of households that several limits are held against: kept, they make a change of a limit a quick question."""
        asked: Counter[int] = Counter()
        for index in self.plan.needed([Ref(index) for index in self._output_steps()]):
            step = self.plan.steps[index]
            if step.op == "gt" and isinstance(left := step.args[0], Ref) and left.index not in self.uniform:
                fixed = not isinstance(step.args[1], Ref) or step.args[1].index in self.uniform
                number = self.plan.steps[left.index]
                if fixed and number.scope != PERSON and number.op not in (*LEAVES, "mcount"):
                    asked[left.index] += 1
        return tuple(index for index, count in asked.most_common(NUMBERS_KEPT) if count > 1)

    def _block_steps(self) -> list[int]:
        """Steps computed for every household: all that decides, and whatever an amount folds over members."""
        amounts = self.plan.needed(
            [
                end
                for low in self.plan.programmes.values()
                if low.amount
                for end in (low.amount.low, low.amount.high)
            ]
        )
        folds = [i for i in amounts if self.plan.steps[i].op in OVER_MEMBERS and not self.answers_only]
        found: set[int] = set()
        stack = [*self._output_steps(), *folds]
        while stack:
            index = stack.pop()
            if index not in found:
                found.add(index)
                stack += self.rests_on(index)
        return sorted(found)

    def is_computed(self, index: int) -> bool:
        """Not given, and not a matter of the household's size alone."""
        return (
            index not in self.uniform and index not in self.given.planes and index not in self.given.numbers
        )

    @cached_property
    def local(self) -> dict[int, int]:
        """Answers that are settled as soon as one plane, of a place or of the household's size, is all false in a block."""
        found: dict[int, int] = {}
        for lowered in self.plan.programmes.values():
            answer = lowered.answer
            for truth in lowered.criteria:
                place = truth.true
                if isinstance(place, Ref) and self._settles(place, truth.false):
                    for end in (answer.true, answer.false):
                        if (
                            isinstance(end, Ref)
                            and self.plan.scope(end) != PERSON
                            and self.is_computed(end.index)
                        ):
                            op = self.plan.steps[end.index].op
                            if op == ("and" if end == answer.true else "or"):
                                found.setdefault(end.index, place.index)
        return found

    def _settles(self, true: Ref, false: Ref | bool) -> bool:
        step = self.plan.steps[true.index]
        if step.scope == PERSON:
            return False
        if true.index in self.uniform:
            return True
        opposite = isinstance(false, Ref) and self.plan.steps[false.index] == Step(
            "not", (true,), step.scope, True
        )
        return step.op == "is_in" and opposite and true.index not in self.given.planes

    def rests_on(self, index: int) -> list[int]:
        """The steps a step's code uses."""
        if not self.is_computed(index):
            return []
        step = self.plan.steps[index]
        if (low := self.maybe_of(step)) is not None:
            return [] if low < 0 else [low]
        if isinstance(step.args[0], Ref) and step.args[0].index in self.given.clipped and self.small(step):
            return [arg.index for arg in step.args[1:] if isinstance(arg, Ref)]
        return [arg.index for arg in step.args if isinstance(arg, Ref)]

    def maybe_of(self, step: Step) -> int | None:
        """For "the upper end of a fact > constant": the same question of the lower end (-1: nobody asks it), else None."""
        if step.op != "gt" or not isinstance(step.args[0], Ref) or isinstance(step.args[1], Ref):
            return None
        end = self.plan.steps[step.args[0].index]
        if end.op != "high":
            return None
        return self._low_questions.get((str(end.args[0]), step.args[1]), -1)

    @cached_property
    def _low_questions(self) -> dict[tuple[str, object], int]:
        """(fact, constant) → the step that asks whether the fact's lower end is above the constant."""
        found = {}
        for index in self._needed:
            step = self.plan.steps[index]
            if step.op == "gt" and isinstance(step.args[0], Ref) and not isinstance(step.args[1], Ref):
                end = self.plan.steps[step.args[0].index]
                if end.op == "low":
                    found[str(end.args[0]), step.args[1]] = index
        return found

    @cached_property
    def small_questions(self) -> Counter[int]:
        """How often each 64-bit number is compared with limits of 32 bits."""
        steps = [self.plan.steps[index] for index in self._needed]
        return Counter(step.args[0].index for step in steps if self.small(step))  # type: ignore[attr-defined]

    def clipped(self, index: int) -> bool:
        """Whether a kept number is cut to 32 bits."""
        return self.types[index] is np.int64 and self.small_questions[index] > 0

    def kept_type(self, index: int) -> str:
        return np.dtype(np.int32 if self.clipped(index) else self.types[index]).str

    def small(self, step: Step) -> bool:
        """64 bits compared with a limit, the same for all or for all of a size, that 32 bits hold."""
        if (
            step.op != "gt"
            or not isinstance(step.args[0], Ref)
            or self.types[step.args[0].index] is not np.int64
        ):
            return False
        limit = step.args[1]
        if isinstance(limit, Ref):
            if limit.index not in self.uniform:
                return False
            ends: tuple[int, int] = (self.plan.steps[limit.index].low, self.plan.steps[limit.index].high)
        else:
            ends = (limit, limit)  # type: ignore[assignment]
        # The ends of 32 bits themselves stand for everything beyond.
        return step.args[0].index not in self.uniform and INT32.min < ends[0] and ends[1] < INT32.max - 1

    def _uniform(self) -> dict[int, Uniform]:
        """Everything that follows from the household's size alone."""
        values: dict[int, list[Any]] = {}
        for index in sorted(self._needed):
            step = self.plan.steps[index]
            if step.op == "low" and step.args == (HOUSEHOLD_SIZE,):
                values[index] = [1, *range(1, HOUSEHOLD_SIZE_MAX + 1)]
            elif step.op in PLAIN and all(arg.index in values for arg in step.args if isinstance(arg, Ref)):
                values[index] = [
                    PLAIN[step.op](
                        *(values[arg.index][size] if isinstance(arg, Ref) else arg for arg in step.args)
                    )
                    for size in range(HOUSEHOLD_SIZE_MAX + 1)
                ]
        return {
            index: Uniform(
                tuple(found),
                np.array(found, bool if self.plan.steps[index].plane else fitting(min(found), max(found))),
                self.plan.steps[index].plane,
            )
            for index, found in values.items()
        }

    def _types(self) -> list[type]:
        """The NumPy type each number is computed in."""
        types: list[Any] = []
        for index, step in enumerate(self.plan.steps):
            if step.plane or index not in self._needed:
                types.append(bool)
            elif index in self.uniform:
                types.append(self.uniform[index].table.dtype.type)
            elif step.op in ("low", "high"):
                types.append(storage_type(self.facts[str(step.args[0])]).type)
            elif step.op == "mcount":
                types.append(np.uint8)
            elif step.op in ("mmin", "mmax", "spouse_sum"):
                types.append(types[step.args[0].index])  # type: ignore[attr-defined]
            elif step.op == "lookup":
                entries = step.args[0]
                types.append(fitting(min(entries), max(entries)))  # type: ignore[call-overload]
            elif step.op == "months":
                types.append(np.int32)
            else:
                numbers = step.args[2:] if step.op.startswith("pick") else step.args
                parts = [types[arg.index] if isinstance(arg, Ref) else fitting(arg, arg) for arg in numbers]  # type: ignore[arg-type]
                types.append(np.result_type(fitting(step.low, step.high), *parts).type)
        return types

    def _amount(self, lowered: Lowered) -> Amount:
        assert lowered.amount is not None
        low, high = lowered.amount.low, lowered.amount.high
        if not isinstance(low, Ref) and not isinstance(high, Ref):
            return Amount(low, high, None)
        return Amount(None, None, self._writer.amount(low, high))
