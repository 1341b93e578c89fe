"""A whole block of households at once: the plan written down as NumPy.

The steps are those of the function for one household; only the way of writing them differs. A truth is a plane of packed bits,
eight households a byte, a number an array of the narrowest type its proven range fits. What depends on nothing but the household's
size is worked out once for each size and, in a block of one size, is a plain constant. Amounts are computed afterwards, and
only for those who are entitled.

Generated code is made of the plan's primitives only, never of text from a programme file; names of facts are plain words, checked
when the catalogue was read.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from welfare.facts.fact import COUPLE, HOUSEHOLD_SIZE, HOUSEHOLD_SIZE_MAX
from welfare.rules.nodes import PERSON
from welfare.rules.plan import Lowered, Plan, Ref, Step, Truth
from welfare.screening.encode import Array, storage_type
from welfare.screening.snapshot import Block

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

LEAVES = ("low", "high", "true", "false", "is_in", "not_in")
OVER_MEMBERS = ("mor", "mand", "mcount", "msum", "mmin", "mmax", "spouse_or", "spouse_sum")
INT32 = np.iinfo(np.int32)
NUMBERS_KEPT = 16  # at most, of each household
CLIP_FROM = 10  # comparisons of one 64-bit number from which cutting it to 32 bits is cheaper


# The primitives, for a block ------------------------------------------------------------------------------------------------------


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


# Writing the code ------------------------------------------------------------------------------------------------------------------


@dataclass
class Line:
    """`name = text`; `uses` are the names in it, `reuse` those whose memory may take the result."""

    name: str
    text: str
    uses: tuple[str, ...] = ()
    reuse: tuple[str, str] | None = (
        None  # (ufunc, arguments) when the result fits the first argument's memory
    )


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
        block = self._block_steps()
        self._writer = _Writer(self, set(block))
        for index in block:
            self._writer.step(index)
        self.amounts = {
            name: self._amount(lowered)
            for name, lowered in self.plan.programmes.items()
            if lowered.amount is not None and not self.answers_only
        }
        outputs = [*dict.fromkeys(self._output_steps())]
        self.source = self._writer.function(outputs, [self._writer.column(index) for index in self.numbers])
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

    def rests_on(self, index: int) -> list[int]:
        """The steps a step's code uses."""
        if index in self.uniform or index in self.given.planes or index in self.given.numbers:
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


def fitting(low: int, high: int) -> type:
    """The type for calculating with numbers from low to high."""
    return np.int32 if INT32.min <= low and high <= INT32.max else np.int64


class _Writer:
    """Writes steps as lines of Python; each once, each name for one value."""

    def __init__(self, kernel: Kernel, block: set[int]) -> None:
        self.kernel, self.plan, self.block = kernel, kernel.plan, block
        self.lines: dict[str, Line] = {}
        self.constants: dict[tuple[str, object], str] = {}
        self.functions: list[str] = []
        self.amounts: dict[tuple[object, object], str] = {}
        # Folding one member gives a view of the member's own array, which must then stay as it is.
        steps = [self.plan.steps[index] for index in block]
        self.folded = {
            arg.index for s in steps if s.op in OVER_MEMBERS for arg in s.args if isinstance(arg, Ref)
        }
        self.gathered: set[str] = set()  # names of block values that amounts pick rows from

    # Names of what is not a step ---------------------------------------------------------------------------------------------------

    def add(self, name: str, text: str, *uses: str, reuse: tuple[str, str] | None = None) -> str:
        if name not in self.lines:
            self.lines[name] = Line(name, text, uses, reuse)
        return name

    def raw(self, fact: object) -> str:
        return self.add(f"r_{fact}", f"B.numbers({fact!r})")

    def known(self, fact: object) -> str:
        return self.add(f"k_{fact}", f"B.known({fact!r})")

    def bits(self, fact: object) -> str:
        return self.add(f"b_{fact}", f"B.bits({fact!r})")

    def table(self, entries: object) -> str:
        assert isinstance(entries, tuple)
        return self._constant("T", np.array(entries, fitting(min(entries), max(entries))), entries)

    def codes(self, codes: object) -> str:
        return self._constant("C", codes, codes)

    def _constant(self, letter: str, value: object, key: object) -> str:
        name = self.constants.setdefault((letter, key), f"{letter}{len(self.constants)}")
        self.kernel.constants[name] = value
        return name

    def mask(self, operand: Ref, kind: str) -> str:
        """A plane spread out to choose between numbers of a type."""
        return self.add(f"m{operand.index}_{kind}", f"mask(v{operand.index}, {kind})", f"v{operand.index}")

    # Steps, for a block --------------------------------------------------------------------------------------------------------------

    def step(self, index: int) -> None:
        step = self.plan.steps[index]
        name = f"v{index}"
        if name in self.lines:
            return
        if index in self.kernel.uniform:
            self.add(name, f"B.uniform({index})")
        elif index in self.kernel.given.planes:
            self.add(name, f"B.given_plane({self.kernel.given.planes[index]})")
        elif index in self.kernel.given.numbers:
            self.add(name, f"B.given_number({self.kernel.given.numbers[index]})")
        elif step.op in LEAVES:
            self._leaf(name, step)
        elif step.op == "gt":
            self._above(name, step)
        elif step.op in OVER_MEMBERS:
            self._fold(name, step)
        elif step.op in ("and", "or", "not"):
            uses = [f"v{arg.index}" for arg in step.args]  # type: ignore[attr-defined]
            text = (
                f"~{uses[0]}"
                if step.op == "not"
                else f"{uses[0]} {'&' if step.op == 'and' else '|'} {uses[1]}"
            )
            self.add(name, text, *uses)
        elif step.op.startswith("pick"):
            kind = self.short(self.kernel.types[index])
            text = self._pick(
                index, step, "choose", lambda arg: self.mask(arg, kind), lambda arg: f"v{arg.index}"
            )
            self.add(name, text, *dict.fromkeys(re.findall(r"\bv\d+\b|\bm\d+_I\d\b", text)))
        else:
            self._number(name, index, step)

    def _leaf(self, name: str, step: Step) -> None:
        fact = step.args[0]
        match step.op:
            case "low":
                self.add(name, raw := self.raw(fact), raw)
            case "high":
                raw, known = self.raw(fact), self.known(fact)
                self.add(name, f"filled({raw}, {known}, {step.low}, {step.high})", raw, known)
            case "true":
                self.add(name, bits := self.bits(fact), bits)
            case "false":
                bits, known = self.bits(fact), self.known(fact)
                self.add(name, f"denied({bits}, {known})", bits, known)
            case _:
                raw, codes = self.raw(fact), self.codes(step.args[1])
                plane = self.add(f"i_{codes}_{fact}", f"B.coded({fact!r}, {raw}, {codes})", raw)
                if step.op == "is_in" and 0 not in step.args[1]:  # type: ignore[operator]
                    self.add(name, plane, plane)  # an unknown code is stored as the first one
                else:
                    known = self.known(fact)
                    self.add(
                        name, f"{'both' if step.op == 'is_in' else 'denied'}({plane}, {known})", plane, known
                    )

    def _above(self, name: str, step: Step) -> None:
        method = "B.above_person" if step.scope == PERSON else "B.above"
        low = self.kernel.maybe_of(step)
        if low is None:
            left, right = (
                self._compared(arg, step) if isinstance(arg, Ref) else repr(arg) for arg in step.args
            )
            self.add(name, f"{method}({left}, {right})", *(text for text in (left, right) if text[0] in "vc"))
            return
        fact = self.plan.steps[step.args[0].index].args[0]  # type: ignore[attr-defined]
        if low >= 0:
            self.step(low)
        raw, known = self.raw(fact), self.known(fact)
        plane = f"v{low}" if low >= 0 else self.add(f"g_{name}", f"{method}({raw}, {step.args[1]})", raw)
        self.add(name, f"B.maybe_above({plane}, {known})", plane, known)

    def _compared(self, operand: Ref, step: Step) -> str:
        """A number that is asked often against small limits is cut to 32 bits once: half the memory to read each time."""
        if operand == step.args[0] and operand.index in self.kernel.given.clipped and self.kernel.small(step):
            return self.add(
                f"c{operand.index}", f"B.given_number({self.kernel.given.clipped[operand.index]})"
            )
        if (
            operand != step.args[0]
            or self.kernel.small_questions[operand.index] < CLIP_FROM
            or not self.kernel.small(step)
        ):
            return f"v{operand.index}"
        return self.add(f"c{operand.index}", f"clip(v{operand.index})", f"v{operand.index}")

    def column(self, index: int) -> str:
        """The name under which a number is kept, cut to 32 bits where that is enough for the limits held against it."""
        self.step(index)
        if not self.kernel.clipped(index):
            return f"v{index}"
        return self.add(f"c{index}", f"clip(v{index})", f"v{index}")

    def _fold(self, name: str, step: Step) -> None:
        arg = step.args[0]
        if not isinstance(arg, Ref):
            self.add(name, "B.of_spouse(None)")
            return
        used = f"v{arg.index}"
        inner = self.plan.steps[arg.index]
        match step.op:
            case "msum":
                text = f"B.sum({used}, {self.short(self.kernel.types[int(name[1:])])})"
            case "mmin" | "mmax":  # an absent member must not decide
                text = (
                    f"B.least({used}, {inner.high})"
                    if step.op == "mmin"
                    else f"B.greatest({used}, {inner.low})"
                )
            case _:
                text = f"B.{METHODS[step.op]}({used})"
        self.add(name, text, used)

    @staticmethod
    def short(kind: type) -> str:
        return SHORT[np.dtype(kind).str[1:]]

    def _number(self, name: str, index: int, step: Step) -> None:
        uses = [f"v{arg.index}" for arg in step.args if isinstance(arg, Ref)]
        text = self._arithmetic(index, step, lambda arg: f"v{arg.index}")
        reuse = None
        first = step.args[0]
        if step.op in UFUNCS and isinstance(first, Ref) and self._own(first, index):
            args = ", ".join(f"v{arg.index}" if isinstance(arg, Ref) else repr(arg) for arg in step.args)
            reuse = (UFUNCS[step.op], args)
        self.add(name, text, *uses, reuse=reuse)

    def _own(self, operand: Ref, index: int) -> bool:
        """The operand's array belongs to this code alone and has the shape and type of the result."""
        step, result = self.plan.steps[operand.index], self.plan.steps[index]
        return (
            step.op in UFUNCS
            and operand.index not in self.kernel.uniform
            and operand.index not in self.folded
            and step.scope == result.scope
            and self.kernel.types[operand.index] is self.kernel.types[index]
        )

    # Steps in either style -------------------------------------------------------------------------------------------------------------

    def _arithmetic(self, index: int, step: Step, text: Callable[[Ref], str]) -> str:
        args = [
            text(arg) if isinstance(arg, Ref) else repr(arg)
            for arg in step.args
            if not isinstance(arg, tuple)
        ]
        if step.op == "lookup":
            return f"np.take({self.table(step.args[0])}, {args[0]}, mode='clip')"
        if step.op == "months":
            return f"months({', '.join(args)})"
        kind = self.kernel.types[index]
        arrays = [arg for arg in step.args if isinstance(arg, Ref) and arg.index not in self.kernel.uniform]
        natural = np.result_type(*(self.kernel.types[arg.index] for arg in arrays)).type if arrays else kind
        ending = "" if natural is kind else f", dtype={self.short(kind)}"
        return f"{UFUNCS[step.op]}({args[0]}, {args[1]}{ending})"

    def _pick(
        self, index: int, step: Step, choose: str, flags: Callable[[Ref], str], values: Callable[[Ref], str]
    ) -> str:
        """yes where true, no where false, between them the end that could be."""
        true, false, yes_arg, no_arg = step.args
        kind = self.short(self.kernel.types[index])

        def number(arg: object) -> str:
            if not isinstance(arg, Ref):
                return f"{kind}({arg})"
            name = values(arg)
            exact = (
                arg.index not in self.kernel.uniform
                and self.kernel.types[arg.index] is self.kernel.types[index]
            )
            return name if exact else f"{kind}({name})"

        yes, no = number(yes_arg), number(no_arg)
        least = step.op == "pick_low"
        (yes_low, yes_high), (no_low, no_high) = self.ends(yes_arg), self.ends(no_arg)
        opposite = isinstance(true, Ref) and self._opposite(true, false)
        # Where the condition is open the result is the lesser (greater) of both, which is often always the same one.
        if isinstance(true, Ref) and (opposite or (no_high <= yes_low if least else no_low >= yes_high)):
            return f"{choose}({flags(true)}, {yes}, {no})"
        if isinstance(false, Ref) and (yes_high <= no_low if least else yes_low >= no_high):
            return f"{choose}({flags(false)}, {no}, {yes})"
        between = f"np.{'minimum' if least else 'maximum'}({yes}, {no})"
        if isinstance(false, Ref):
            between = f"{choose}({flags(false)}, {no}, {between})"
        return f"{choose}({flags(true)}, {yes}, {between})" if isinstance(true, Ref) else between

    def _opposite(self, true: Ref, false: object) -> bool:
        if not isinstance(false, Ref):
            return false is True
        one, other = self.plan.steps[true.index], self.plan.steps[false.index]
        return other.op == "not" and other.args[0] == true or one.op == "not" and one.args[0] == false

    def ends(self, operand: object) -> tuple[int, int]:
        if isinstance(operand, Ref):
            return self.plan.steps[operand.index].low, self.plan.steps[operand.index].high
        return operand, operand  # type: ignore[return-value]

    # Steps, for the rows that are entitled -------------------------------------------------------------------------------------------

    def amount(self, low: object, high: object) -> str:
        """The name of the function that computes this amount for given rows."""
        key = (low, high)
        if key not in self.amounts:
            lines: dict[str, str] = {}
            results = [self._gather(end, lines) if isinstance(end, Ref) else repr(end) for end in (low, high)]
            name = self.amounts[key] = f"amount_{len(self.amounts)}"
            body = [f"  {target} = {text}" for target, text in lines.items()]
            self.functions.append(
                "\n".join([f"def {name}(B, V, rows, flat):", *body, f"  return {results[0]}, {results[1]}"])
            )
        return self.amounts[key]

    def _gather(self, operand: Ref, lines: dict[str, str]) -> str:
        index = operand.index
        name = f"w{index}"
        if name in lines:
            return name
        step = self.plan.steps[index]
        places = "flat" if step.scope == PERSON else "rows"
        if index in self.kernel.uniform:
            if index in self.block:
                self.gathered.add(f"v{index}")
                value = f"V['v{index}']"
            else:
                value = f"B.uniform({index})"
            if step.plane:
                lines[name] = f"bits_at({value}, rows)"
            else:
                lines[name] = f"{value} if B.shape.size else {value}[rows]"
        elif index in self.block and f"v{index}" in self.lines:
            self.gathered.add(f"v{index}")
            value = f"V['v{index}']"
            lines[name] = f"bits_at({value}, {places})" if step.plane else f"{value}.ravel()[{places}]"
        elif step.op in LEAVES:
            lines[name] = self._gathered_leaf(step, places)
        elif step.op in ("and", "or", "gt", "not"):
            args = [self._gather(arg, lines) if isinstance(arg, Ref) else repr(arg) for arg in step.args]
            sign = {"and": "&", "or": "|", "gt": ">"}.get(step.op, "~")
            lines[name] = f"~{args[0]}" if step.op == "not" else f"{args[0]} {sign} {args[1]}"
        elif step.op.startswith("pick"):
            for arg in step.args:
                if isinstance(arg, Ref):
                    self._gather(arg, lines)
            lines[name] = self._pick(
                index, step, "np.where", lambda arg: f"w{arg.index}", lambda arg: f"w{arg.index}"
            )
        else:
            for arg in step.args:
                if isinstance(arg, Ref):
                    self._gather(arg, lines)
            lines[name] = self._arithmetic(index, step, lambda arg: f"w{arg.index}")
        return name

    def _gathered_leaf(self, step: Step, places: str) -> str:
        fact = step.args[0]
        raw = f"B.numbers({fact!r}).ravel()[{places}]"
        known = f"B.known({fact!r})"
        match step.op:
            case "low":
                return raw
            case "high":
                return (
                    f"{raw} if (k := {known}) is None else np.where(bits_at(k, {places}), {raw}, {step.high})"
                )
            case "true":
                return f"bits_at(B.bits({fact!r}), {places})"
            case "false":
                return f"bits_at(denied(B.bits({fact!r}), {known}), {places})"
        inside = f"among({raw}, {self.codes(step.args[1])})"
        inside = inside if step.op == "is_in" else f"~{inside}"
        return f"{inside} if (k := {known}) is None else {inside} & bits_at(k, {places})"

    # All of it -----------------------------------------------------------------------------------------------------------------------

    def function(self, outputs: Sequence[int], numbers: Sequence[str]) -> str:
        """The code: each line in order, memory given back or reused as soon as a value has had its last use."""
        keep = {*(f"v{index}" for index in outputs), *self.gathered, *numbers}
        lines = list(self.lines.values())
        last: dict[str, int] = {}
        for number, line in enumerate(lines):
            for used in (line.name, *line.uses):
                last[used] = number
        code = ["def decide(B):"]
        for number, line in enumerate(lines):
            text = line.text
            if line.reuse and line.uses and line.uses[0] not in keep and last[line.uses[0]] == number:
                text = f"{line.reuse[0]}({line.reuse[1]}, out={line.uses[0]})"
            done = [
                used
                for used in dict.fromkeys((*line.uses, line.name))
                if last[used] == number and used not in keep
            ]
            code.append(f"  {line.name} = {text}" + (f"; del {', '.join(done)}" if done else ""))
        planes = ", ".join(f"{index}: v{index}" for index in outputs)
        kept = ", ".join(f"{name!r}: {name}" for name in sorted(self.gathered))
        code.append(f"  return {{{planes}}}, {{{kept}}}, [{', '.join(numbers)}]")
        return "\n".join([*self.functions, *code])


METHODS = {
    "mor": "any",
    "mand": "all",
    "mcount": "count",
    "spouse_or": "of_spouse",
    "spouse_sum": "sum_of_spouse",
}
SHORT = {"i4": "I4", "i8": "I8", "u1": "U1"}
UFUNCS = {
    "add": "np.add",
    "sub": "np.subtract",
    "mul": "np.multiply",
    "floordiv": "np.floor_divide",
    "min": "np.minimum",
    "max": "np.maximum",
}
