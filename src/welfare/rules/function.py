"""One household at once: the plan written down as a Python function and compiled.

Generated code sounds dangerous and is not: it is made of the plan's primitives only, never of text from a programme file. Fact
names appear as quoted literals and were checked to be plain words when the catalogue was read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from welfare.facts.fact import COUPLE, HOUSEHOLD_SIZE
from welfare.facts.household import EncodedHousehold
from welfare.rules.nodes import PERSON
from welfare.rules.plan import Lowered, Plan, Ref, Step, Truth

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet


class Function:
    """Callable on an encoded household; gives the value of every output operand.

    The result is a list in the order of `outputs`: a bool or int for a household's operand, a list with one entry per member
    for a person's. Amount ends are None where the programme is surely not for this household.
    """

    def __init__(self, rules: RuleSet) -> None:
        self.plan: Plan = rules.plan
        self.facts = rules.facts
        self.tables: list[tuple[int, ...]] = []
        self.sets: list[frozenset[int]] = []
        self.outputs: dict[int, int] = {}
        source = "\n".join(self._lines())
        names: dict[str, Any] = {f"T{i}": table for i, table in enumerate(self.tables)}
        names |= {f"S{i}": codes for i, codes in enumerate(self.sets)}
        exec(compile(source, "<plan>", "exec"), names)  # noqa: S102 - made of primitives only, see above
        self._decide: Callable[[dict[str, Any], list[dict[str, Any]], list[int]], tuple[Any, ...]] = names[
            "decide"
        ]
        self.source = source
        self._read = self._reader()

    def __call__(self, household: EncodedHousehold) -> tuple[Any, ...]:
        return self._decide(household.household, household.members, spouses(household.members))

    def truths(self, values: tuple[Any, ...]) -> list[Any]:
        """True, False or None (open) for each of `places`: a list with one entry per member where it speaks of persons."""
        return self._read(values)

    def _reader(self) -> Callable[[tuple[Any, ...]], list[Any]]:
        """Code that reads all truths out of the values at once; `places` says which truth of which programme stands where."""
        texts: dict[str, int] = {}
        self.places: dict[str, list[int]] = {}
        for name, lowered in self.plan.programmes.items():
            truths = [lowered.answer, *lowered.criteria]
            self.places[name] = [texts.setdefault(self._truth_text(truth), len(texts)) for truth in truths]
        source = (
            f"def read(v):\n  ({' '.join(f'v{i},' for i in self.outputs)}) = v\n  return [{', '.join(texts)}]"
        )
        names: dict[str, Any] = {}
        exec(compile(source, "<plan>", "exec"), names)  # noqa: S102 - made of primitives only, see above
        read: Callable[[tuple[Any, ...]], list[Any]] = names["read"]
        return read

    def _truth_text(self, truth: Truth) -> str:
        parts = {letter: operand for letter, operand in (("a", truth.true), ("b", truth.false))}
        texts = {
            letter: f"v{part.index}" if isinstance(part, Ref) else repr(part)
            for letter, part in parts.items()
        }
        lists = [letter for letter, part in parts.items() if self.plan.scope(part) == PERSON]
        own = {letter: letter if letter in lists else text for letter, text in texts.items()}
        text = f"True if {own['a']} else False if {own['b']} else None"
        if not lists:
            return text
        items = texts[lists[0]] if len(lists) == 1 else f"zip({texts['a']}, {texts['b']})"
        return f"[{text} for {', '.join(lists)} in {items}]"

    # Generation ------------------------------------------------------------------------------------------------------------------

    def _lines(self) -> list[str]:
        plan = self.plan
        lines = ["def decide(H, M, P):"]
        decided = plan.needed(plan.decisions())
        private: dict[str, set[int]] = {}
        used: dict[int, int] = {}
        for name, lowered in plan.programmes.items():
            if lowered.amount is not None:
                private[name] = plan.needed([lowered.amount.low, lowered.amount.high]) - decided
                for index in private[name]:
                    used[index] = used.get(index, 0) + 1
        shared = {index for index, count in used.items() if count > 1}
        shared |= plan.needed([Ref(index) for index in shared]) - decided
        for index in sorted(decided | shared):
            lines.append("  " + self._line(index))
        for name, lowered in plan.programmes.items():
            lines += self._amount_lines(lowered, sorted(private.get(name, set()) - shared))
        for lowered in plan.programmes.values():
            for operand in outputs_of(lowered):
                if isinstance(operand, Ref):
                    self.outputs.setdefault(operand.index, len(self.outputs))
        lines.append("  return (" + "".join(f"v{index}, " for index in self.outputs) + ")")
        return lines

    def _amount_lines(self, lowered: Lowered, steps: list[int]) -> list[str]:
        """Steps only this amount needs, run unless the programme is surely out of reach."""
        if not steps:
            return []
        body = [self._line(index) for index in steps]
        refused = lowered.answer.false
        if not isinstance(refused, Ref):
            return ["  " + line for line in body]
        condition = (
            f"False in v{refused.index}" if self.plan.scope(refused) == PERSON else f"not v{refused.index}"
        )
        nothing = " = ".join(f"v{index}" for index in steps) + " = None"
        return ["  " + nothing, f"  if {condition}:", *("    " + line for line in body)]

    def _line(self, index: int) -> str:
        step = self.plan.steps[index]
        return f"v{index} = {self._person(step) if step.scope == PERSON else self._expression(step, self._argument)}"

    @staticmethod
    def _argument(arg: object) -> str:
        return f"v{arg.index}" if isinstance(arg, Ref) else repr(arg)

    def _person(self, step: Step) -> str:
        if step.op in ("low", "high", "true", "false", "is_in", "not_in"):
            return f"[{self._fact(step, 'm')} for m in M]"
        if step.op == "spouse_or":
            arg = step.args[0]
            return (
                f"[p >= 0 and v{arg.index}[p] for p in P]" if isinstance(arg, Ref) else "[p >= 0 for p in P]"
            )
        if step.op == "spouse_sum":
            return f"[{self._argument(step.args[0])}[p] if p >= 0 else 0 for p in P]"
        own = [
            arg for arg in dict.fromkeys(step.args) if isinstance(arg, Ref) and self.plan.scope(arg) == PERSON
        ]
        letters = {arg: "abcd"[i] for i, arg in enumerate(own)}
        expression = self._expression(step, lambda arg: letters.get(arg) or self._argument(arg))  # type: ignore[call-overload]
        if len(own) == 1:
            return f"[{expression} for a in v{own[0].index}]"
        names, lists = ", ".join(letters.values()), ", ".join(f"v{arg.index}" for arg in own)
        return f"[{expression} for {names} in zip({lists})]"

    def _fact(self, step: Step, row: str) -> str:
        name = step.args[0]
        if name == HOUSEHOLD_SIZE:
            return "len(M)"
        if name == COUPLE:
            return f"{row}['couple']"
        match step.op:
            case "low" | "high":
                fact = self.facts[str(name)]
                end = fact.low if step.op == "low" else fact.high
                return f"({end} if (x := {row}.get({name!r})) is None else x)"
            case "true" | "false":
                return f"({row}.get({name!r}) is {step.op.title()})"
            case "is_in":
                return f"({row}.get({name!r}) in {self._set(step.args[1])})"
            case _:
                return f"((x := {row}.get({name!r})) is not None and x not in {self._set(step.args[1])})"

    def _set(self, codes: object) -> str:
        assert isinstance(codes, frozenset)
        if codes not in self.sets:
            self.sets.append(codes)
        return f"S{self.sets.index(codes)}"

    def _expression(self, step: Step, text: Callable[[object], str]) -> str:
        if step.op in ("low", "high", "true", "false", "is_in", "not_in"):
            return self._fact(step, "H")
        if step.op == "lookup":
            self.tables.append(step.args[0])  # type: ignore[arg-type]
            return f"T{len(self.tables) - 1}[{text(step.args[1])}]"
        args = [text(arg) for arg in step.args]
        match step.op:
            case "add" | "sub" | "mul" | "floordiv" | "gt" | "and" | "or":
                sign = {"add": "+", "sub": "-", "mul": "*", "floordiv": "//", "gt": ">"}.get(step.op, step.op)
                return f"({args[0]} {sign} {args[1]})"
            case "not":
                return f"(not {args[0]})"
            case "min" | "max":
                sign = "<" if step.op == "min" else ">"
                return f"({args[0]} if {args[0]} {sign} {args[1]} else {args[1]})"
            case "pick_low" | "pick_high":
                true, false, yes, no = args
                hull = "min" if step.op == "pick_low" else "max"
                return f"({yes} if {true} else {no} if {false} else {hull}({yes}, {no}))"
            case "months":
                start, months, day = args
                return (
                    f"({months} - ({start} // 10000 * 12 + {start} // 100 % 100) - ({day} < {start} % 100))"
                )
            case "mor":
                return f"True in {args[0]}"
            case "mand":
                return f"False not in {args[0]}"
            case "mcount":
                return f"{args[0]}.count(True)"
            case "msum" | "mmin" | "mmax":
                return f"{step.op[1:]}({args[0]})"
        raise TypeError(step.op)


def outputs_of(lowered: Lowered) -> list[object]:
    """Every operand a programme's result is made of, in a fixed order."""
    truths = [*lowered.criteria, lowered.answer, *([lowered.receives] if lowered.receives else [])]
    operands: list[object] = [plane for truth in truths for plane in (truth.true, truth.false)]
    return operands + ([lowered.amount.low, lowered.amount.high] if lowered.amount else [])


def spouses(members: list[dict[str, Any]]) -> list[int]:
    """For each member the place of the spouse, or -1."""
    places: dict[int, list[int]] = {}
    for place, member in enumerate(members):
        if member[COUPLE]:
            places.setdefault(member[COUPLE], []).append(place)
    result = [-1] * len(members)
    for pair in places.values():
        if len(pair) == 2:
            result[pair[0]], result[pair[1]] = pair[1], pair[0]
    return result
