"""Writes the steps of a plan as lines of Python over the primitives of `frame.py`.

For whole blocks every truth is a plane and every value has a name; for the rows that are entitled the same steps are written over
picked rows, as part of a function for each amount. Generated code is made of the plan's primitives only, never of text from a
programme file; names of facts are plain words, checked when the catalogue was read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from welfare.rules.nodes import PERSON
from welfare.rules.plan import Ref, Step
from welfare.screening.frame import INT32

if TYPE_CHECKING:
    from welfare.screening.kernel import Kernel

LEAVES = ("low", "high", "true", "false", "is_in", "not_in")
OVER_MEMBERS = ("mor", "mand", "mcount", "msum", "mmin", "mmax", "spouse_or", "spouse_sum")
LOGIC = ("and", "or", "not")
CLIP_FROM = 10  # comparisons of one 64-bit number from which cutting it to 32 bits is cheaper
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


def fitting(low: int, high: int) -> type:
    """The type for calculating with numbers from low to high."""
    return np.int32 if INT32.min <= low and high <= INT32.max else np.int64


@dataclass
class Line:
    """`name = text`; `uses` are the names in it, `reuse` those whose memory may take the result."""

    name: str
    text: str
    uses: tuple[str, ...] = ()
    reuse: tuple[str, str] | None = (
        None  # (ufunc, arguments) when the result fits the first argument's memory
    )


class Writer:
    """Writes steps as lines of Python; each once, each name for one value."""

    def __init__(self, kernel: Kernel, block: set[int]) -> None:
        self.kernel, self.plan, self.block = kernel, kernel.plan, block
        self.lines: dict[str, Line] = {}
        self.constants: dict[tuple[str, object], str] = {}
        self.functions: list[str] = []
        self.amounts: dict[tuple[object, object], str] = {}
        self.inline = self._inline(block)
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
        elif step.op in LOGIC:
            if index not in self.inline:
                self._logic(name, index)
        elif step.op.startswith("pick"):
            kind = self.short(self.kernel.types[index])
            text = self._pick(
                index, step, "choose", lambda arg: self.mask(arg, kind), lambda arg: f"v{arg.index}"
            )
            self.add(name, text, *dict.fromkeys(re.findall(r"\bv\d+\b|\bm\d+_I\d\b", text)))
        else:
            self._number(name, index, step)

    def _logic(self, name: str, index: int) -> None:
        """And, or, not: one line for all that only this line needs."""
        text = self._joined(index)
        uses = re.findall(r"\bv\d+\b", text)
        place = self.kernel.local.get(index)
        if place is not None:
            value = "zeros" if self.plan.steps[index].op == "and" else "ones"
            text = f"B.{value} if v{place} is B.zeros else {text}"
            uses.append(f"v{place}")
        self.add(name, text, *dict.fromkeys(uses))

    def _joined(self, index: int) -> str:
        step = self.plan.steps[index]
        parts = [
            f"({self._joined(arg.index)})" if arg.index in self.inline else f"v{arg.index}"
            for arg in step.args
            if isinstance(arg, Ref)
        ]
        return f"~{parts[0]}" if step.op == "not" else f" {'&' if step.op == 'and' else '|'} ".join(parts)

    def _inline(self, block: set[int]) -> set[int]:
        """Steps of logic that one other step of logic needs and nobody else."""
        users: dict[int, list[int]] = {}
        for index in block:
            for used in self.kernel.rests_on(index):
                users.setdefault(used, []).append(index)
        outputs = set(self.kernel.outputs)
        return {
            index
            for index, by in users.items()
            if len(by) == 1
            and all(self.plan.steps[i].op in LOGIC and self.kernel.is_computed(i) for i in (index, *by))
            and index not in outputs
        }

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
