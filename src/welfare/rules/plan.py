"""Lowers the rules of one day to integer steps: the single place where bounds, exact rates and rounding are worked out.

Every number becomes a pair of ends, low and high, and every truth a pair of planes, *surely true* and *surely false*. An
unknown fact has the ends of its domain and neither plane. A number of won is an integer over a denominator that is known
here, so the arithmetic that runs later is whole-number arithmetic and exact; that it fits 64 bits is proven here from the
declared domains, not hoped for there.

What comes out is a straight list of primitive steps without branches. The function for one household and the kernel for a
population differ only in how they write each primitive down, which is why they cannot disagree about the meaning.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import product
from math import ceil, floor, lcm
from typing import TYPE_CHECKING

from welfare.facts.fact import (
    AS_OF,
    COUPLE,
    COUPLE_MAX,
    HOUSEHOLD_SIZE,
    HOUSEHOLD_SIZE_MAX,
    Fact,
    encode_date,
)
from welfare.rules import nodes
from welfare.rules.nodes import HOUSEHOLD, PERSON, Node

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

EXACT_MAX = 2**62  # beyond this a sum of two steps could leave 64 bits


class RangeError(ValueError):
    """An expression whose largest possible value does not fit exact 64-bit arithmetic."""


@dataclass(frozen=True, slots=True)
class Step:
    """One primitive operation. `args` are steps (as `Ref`), whole numbers or constants the operation needs.

    Numbers: low(fact) high(fact) add sub mul min max floordiv lookup(table, index) years months pick_low pick_high
    msum mmin mmax mcount spouse_sum.  Planes: true(fact) false(fact) is_in(fact, codes) not_in(fact, codes) gt and or not
    mor mand spouse_or.
    """

    op: str
    args: tuple[object, ...]
    scope: str
    plane: bool
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True)
class Ref:
    """The result of an earlier step, by its place in the list."""

    index: int


Operand = Ref | int  # of a number
Plane = Ref | bool  # of a truth


@dataclass(frozen=True, slots=True)
class Range:
    """low … high, each over the same denominator."""

    low: Operand
    high: Operand
    over: int = 1


@dataclass(frozen=True, slots=True)
class Truth:
    """Surely true, surely false; neither means unknown."""

    true: Plane
    false: Plane


@dataclass
class Lowered:
    """A programme's outputs: its criteria, its answer, its amount (whole won), and whether it is received already."""

    criteria: list[Truth]
    answer: Truth
    amount: Range | None
    receives: Truth | None


@dataclass
class Plan:
    """All steps of a rule set in order, the outputs of each programme, and which steps only amounts need."""

    steps: list[Step] = field(default_factory=list)
    programmes: dict[str, Lowered] = field(default_factory=dict)

    def scope(self, operand: object) -> str:
        return self.steps[operand.index].scope if isinstance(operand, Ref) else HOUSEHOLD

    def needed(self, roots: Sequence[object]) -> set[int]:
        """The steps behind these operands, with everything they rest on."""
        found: set[int] = set()
        stack = [root.index for root in roots if isinstance(root, Ref)]
        while stack:
            index = stack.pop()
            if index not in found:
                found.add(index)
                stack += [arg.index for arg in self.steps[index].args if isinstance(arg, Ref)]
        return found

    @cached_property
    def signatures(self) -> list[str]:
        """For each step a name that is equal in two plans exactly when the step computes the same."""
        found: list[str] = []
        chains: list[frozenset[str]] = []  # what an and (or) joins in all, whatever the order
        for step in self.steps:
            parts = [found[arg.index] if isinstance(arg, Ref) else _plain(arg) for arg in step.args]
            chain: frozenset[str] = frozenset()
            if step.op in ("and", "or"):
                for arg, part in zip(step.args, parts, strict=True):
                    assert isinstance(arg, Ref)
                    chain |= chains[arg.index] if self.steps[arg.index].op == step.op else {part}
                parts = sorted(chain)
            chains.append(chain)
            found.append(hashlib.blake2b("\0".join((step.op, *parts)).encode(), digest_size=12).hexdigest())
        return found

    def decisions(self) -> list[Plane]:
        """The planes a run must compute whoever is entitled: criteria, answers, receipts."""
        planes: list[Plane] = []
        for lowered in self.programmes.values():
            truths = [*lowered.criteria, lowered.answer, *([lowered.receives] if lowered.receives else [])]
            planes += [plane for truth in truths for plane in (truth.true, truth.false)]
        return planes


def _plain(arg: object) -> str:
    return repr(sorted(arg)) if isinstance(arg, frozenset) else repr(arg)


def months_of(day: date) -> tuple[int, int]:
    """A day as (months since year 0, day of month), where the last day of a month counts as the 31st.

    So who is born on the 29th, 30th or 31st is a month older at the end of a shorter month.
    """
    last = (day + timedelta(days=1)).month != day.month
    return day.year * 12 + day.month, 31 if last else day.day


def plan_rules(rules: RuleSet, gaps: Mapping[str, bool] | None = None) -> Plan:
    """The plan of everything in force in `rules`.

    `gaps` says what a list at hand holds: fact → whether it is unknown for somebody. A fact it does not name is unknown for
    everybody, and one without gaps needs no range, so the plan for the list is shorter. Without it anything may be unknown.

    Raises RangeError naming the programme or derived value whose numbers could grow beyond exact arithmetic.
    """
    return _Lowering(rules, gaps).plan_all()


class _Lowering:
    def __init__(self, rules: RuleSet, gaps: Mapping[str, bool] | None = None) -> None:
        self.rules = rules
        self.gaps = gaps
        self.plan = Plan()
        self.memo: dict[tuple[object, ...], Ref] = {}
        self.lowered: dict[Node, Range | Truth] = {}
        self.answers: dict[str, Truth] = {}
        self.inside: tuple[str, ...] = ()

    def plan_all(self) -> Plan:
        for name, programme in self.rules.programmes.items():
            try:
                criteria = [self.truth(criterion.when) for criterion in programme.criteria]
                answer = Truth(
                    self.both([truth.true for truth in criteria]),
                    self.either([truth.false for truth in criteria]),
                )
                amount = None if programme.amount.won is None else self.range(programme.amount.won)
            except RangeError as error:
                raise RangeError(f"{name}: {error}") from None
            receives = None
            if programme.received is not None:
                fact = self.rules.facts[programme.received]
                receives = self.truth(nodes.Name(fact.name, "bool", fact.of))
            self.answers[name] = answer
            self.plan.programmes[name] = Lowered(criteria, answer, amount, receives)
        return self.plan

    # Steps, shared and folded -----------------------------------------------------------------------------------------------------

    def step(
        self, op: str, args: tuple[object, ...], plane: bool, low: int = 0, high: int = 0, scope: str = ""
    ) -> Ref:
        key = (op, *args)
        ref = self.memo.get(key)
        if ref is None:
            if max(abs(low), abs(high)) > EXACT_MAX:
                raise RangeError(f"a value could reach {max(abs(low), abs(high)):,}, too large to be exact")
            scope = scope or (PERSON if any(self.plan.scope(arg) == PERSON for arg in args) else HOUSEHOLD)
            ref = self.memo[key] = Ref(len(self.plan.steps))
            self.plan.steps.append(Step(op, args, scope, plane, low, high))
        return ref

    def ends(self, operand: Operand) -> tuple[int, int]:
        """The least and greatest value an operand can ever take."""
        if isinstance(operand, Ref):
            step = self.plan.steps[operand.index]
            return step.low, step.high
        return operand, operand

    def table(self, operand: Operand) -> tuple[tuple[int, ...], Operand] | None:
        """A look-up (or a constant) as (entries, index): arithmetic with constants is done on the entries, once."""
        if isinstance(operand, Ref):
            step = self.plan.steps[operand.index]
            if step.op == "lookup":
                return step.args  # type: ignore[return-value]
        return None

    def calculate(self, op: str, apply: Callable[[int, int], int], left: Operand, right: Operand) -> Operand:
        """left op right: folded when constant, folded into a table when one side is a look-up."""
        if not isinstance(left, Ref) and not isinstance(right, Ref):
            return apply(left, right)
        left_table, right_table = self.table(left), self.table(right)
        if left_table and not isinstance(right, Ref):
            return self.lookup(tuple(apply(entry, right) for entry in left_table[0]), left_table[1])
        if right_table and not isinstance(left, Ref):
            return self.lookup(tuple(apply(left, entry) for entry in right_table[0]), right_table[1])
        if left_table and right_table and left_table[1] == right_table[1]:
            pairs = zip(left_table[0], right_table[0], strict=True)
            return self.lookup(tuple(apply(a, b) for a, b in pairs), left_table[1])
        corners = [apply(a, b) for a, b in product(self.ends(left), self.ends(right))]
        return self.step(op, (left, right), False, min(corners), max(corners))

    def lookup(self, entries: tuple[int, ...], index: Operand) -> Operand:
        if not isinstance(index, Ref):
            return entries[index]
        low, high = self.ends(index)
        reachable = entries[low : high + 1]
        if min(reachable) == max(reachable):
            return reachable[0]
        return self.step("lookup", (entries, index), False, min(reachable), max(reachable))

    def add(self, left: Operand, right: Operand) -> Operand:
        if left == 0 or right == 0:
            return right if left == 0 else left
        return self.calculate("add", lambda a, b: a + b, left, right)

    def subtract(self, left: Operand, right: Operand) -> Operand:
        if right == 0:
            return left
        return self.calculate("sub", lambda a, b: a - b, left, right)

    def multiply(self, left: Operand, right: Operand) -> Operand:
        if left == 1 or right == 1:
            return right if left == 1 else left
        if left == 0 or right == 0:
            return 0
        return self.calculate("mul", lambda a, b: a * b, left, right)

    def least(self, left: Operand, right: Operand) -> Operand:
        if self.ends(left)[1] <= self.ends(right)[0]:
            return left
        if self.ends(right)[1] <= self.ends(left)[0]:
            return right
        return left if left == right else self.calculate("min", min, left, right)

    def greatest(self, left: Operand, right: Operand) -> Operand:
        if self.ends(left)[0] >= self.ends(right)[1]:
            return left
        if self.ends(right)[0] >= self.ends(left)[1]:
            return right
        return left if left == right else self.calculate("max", max, left, right)

    def floor_divide(self, item: Operand, by: int) -> Operand:
        return item if by == 1 else self.calculate("floordiv", lambda a, b: a // b, item, by)

    def greater(self, left: Operand, right: Operand, left_over: int = 1, right_over: int = 1) -> Plane:
        """left > right, with a constant always on the right and on the left's own denominator."""
        if not isinstance(right, Ref):
            return self.above(left, floor(Fraction(right * left_over, right_over)))
        if not isinstance(left, Ref):
            return self.negate(self.above(right, ceil(Fraction(left * right_over, left_over)) - 1))
        if (table := self.table(right)) and left_over != right_over:
            # The left is a whole number, so each entry may be rounded down on the left's denominator, here and once.
            return self.greater(
                left, self.lookup(tuple(e * left_over // right_over for e in table[0]), table[1])
            )
        if (table := self.table(left)) and not self.table(right):
            limits = tuple(-(-entry * right_over // left_over) - 1 for entry in table[0])
            return self.negate(self.greater(right, self.lookup(limits, table[1])))
        common = lcm(left_over, right_over)
        left = self.multiply(left, common // left_over)
        right = self.multiply(right, common // right_over)
        (left_low, left_high), (right_low, right_high) = self.ends(left), self.ends(right)
        if left_high <= right_low or left == right:
            return False
        if left_low > right_high:
            return True
        return self.step("gt", (left, right), True)

    def above(self, item: Operand, limit: int) -> Plane:
        """item > limit, asked of the plainest number that decides it.

        `age >= 65` becomes a question about the birth date itself, `any(number > limit)` one about each member: moving the
        limit costs nothing later, moving the numbers costs a step for each household.
        """
        if not isinstance(item, Ref):
            return item > limit
        low, high = self.ends(item)
        if high <= limit or low > limit:
            return low > limit
        step = self.plan.steps[item.index]
        match step.op, step.args:
            case ("floordiv", (Ref() as inner, int(by))):
                return self.above(inner, (limit + 1) * by - 1)
            case ("mul", (Ref() as inner, int(factor))) | ("mul", (int(factor), Ref() as inner)):
                if factor > 0:
                    return self.above(inner, limit // factor)
            case ("add", (Ref() as inner, int(part))) | ("add", (int(part), Ref() as inner)):
                return self.above(inner, limit - part)
            case ("sub", (Ref() as inner, int(part))):
                return self.above(inner, limit + part)
            case ("sub", (int(part), Ref() as inner)):
                return self.negate(self.above(inner, part - limit - 1))
            case ("min" | "max", (Ref() as inner, int())) | ("min" | "max", (int(), Ref() as inner)):
                return self.above(inner, limit)
            case ("months", (Ref() as inner, int(months), int(day))):
                since = months - limit - 1  # born in this month, by this day, or earlier
                return self.negate(
                    self.above(inner, (since - 1) // 12 * 10000 + ((since - 1) % 12 + 1) * 100 + day)
                )
            case ("mcount", (Ref() as inner,)) if limit == 0:
                return self._over_members("mor", inner)
            case ("mmax", (Ref() as inner,)):
                return self._over_members("mor", self.above(inner, limit))
            case ("mmin", (Ref() as inner,)):
                return self._over_members("mand", self.above(inner, limit))
        return self.step("gt", (item, limit), True)

    def negate(self, plane: Plane) -> Plane:
        if not isinstance(plane, Ref):
            return not plane
        step = self.plan.steps[plane.index]
        if step.op == "not":
            return step.args[0]  # type: ignore[return-value]
        return self.step("not", (plane,), True)

    def both(self, planes: Sequence[Plane]) -> Plane:
        return self._many("and", planes, neutral=True)

    def either(self, planes: Sequence[Plane]) -> Plane:
        return self._many("or", planes, neutral=False)

    def _many(self, op: str, planes: Sequence[Plane], neutral: bool) -> Plane:
        kept: dict[Plane, None] = {}
        for plane in planes:
            if not isinstance(plane, Ref):
                if plane is not neutral:
                    return plane
            else:
                kept[plane] = None
        if not kept:
            return neutral
        result, *others = sorted(kept, key=lambda ref: ref.index)  # type: ignore[union-attr]
        # A person's plane joins last, so that what the household shares is combined once and not once per member.
        others.sort(key=self.plan.scope)
        for other in others:
            result = self.step(op, (result, other), True)
        return result

    # Nodes --------------------------------------------------------------------------------------------------------------------------

    def truth(self, node: Node) -> Truth:
        found = self.lowered.get(node)
        if found is None:
            found = self.lowered[node] = self._truth(node)
        assert isinstance(found, Truth)
        return found

    def range(self, node: Node) -> Range:
        found = self.lowered.get(node)
        if found is None:
            found = self.lowered[node] = self._range(node)
        assert isinstance(found, Range)
        return found

    def _truth(self, node: Node) -> Truth:
        match node:
            case nodes.Constant(value=value):
                return Truth(bool(value), not value)
            case nodes.Name(name=name):
                if name in self.rules.derived:
                    return self.truth(self.rules.derived[name].value)
                return self._known("true", "false", (name,))
            case nodes.Entitled(programme=programme):
                return self.answers.get(programme) or Truth(
                    False, True
                )  # not in force: nobody is entitled to it
            case nodes.Not(item=item):
                truth = self.truth(item)
                return Truth(truth.false, truth.true)
            case nodes.And(items=items):
                truths = [self.truth(item) for item in items]
                return Truth(self.both([t.true for t in truths]), self.either([t.false for t in truths]))
            case nodes.Or(items=items):
                truths = [self.truth(item) for item in items]
                return Truth(self.either([t.true for t in truths]), self.both([t.false for t in truths]))
            case nodes.AtMost(left=left, right=right):
                a, b = self.range(left), self.range(right)
                false = self.greater(a.low, b.high, a.over, b.over)
                return Truth(self.negate(self.greater(a.high, b.low, a.over, b.over)), false)
            case nodes.OneOf(item=nodes.Name(name=name), indexes=indexes):
                return self._known("is_in", "not_in", (name, indexes))
            case nodes.Choose(condition=condition, yes=yes, no=no):
                return self._choose_truth(self.truth(condition), self.truth(yes), self.truth(no))
            case nodes.Members(kind=kind, body=body):
                truth = self.truth(body)
                holds, fails = ("mor", "mand") if kind == "any" else ("mand", "mor")
                return Truth(self._over_members(holds, truth.true), self._over_members(fails, truth.false))
            case nodes.Spouse(body=body):
                truth = self.truth(body)
                return Truth(
                    self._over_spouse(truth.true), self.negate(self._over_spouse(self.negate(truth.false)))
                )
        raise TypeError(f"{type(node).__name__} is no truth")

    def _known(self, true: str, false: str, args: tuple[object, ...]) -> Truth:
        """The truth of what a fact says by itself."""
        name = str(args[0])
        scope = self.rules.facts[name].of
        if self._gap(name) == "everybody":
            return Truth(False, False)
        holds = self.step(true, args, True, scope=scope)
        return Truth(
            holds,
            self.negate(holds) if self._gap(name) == "nobody" else self.step(false, args, True, scope=scope),
        )

    def _gap(self, fact: str) -> str:
        """For whom a fact may be unknown: nobody, somebody or everybody."""
        if self.gaps is None:
            return "somebody"
        return "everybody" if fact not in self.gaps else "somebody" if self.gaps[fact] else "nobody"

    def _choose_truth(self, condition: Truth, yes: Truth, no: Truth) -> Truth:
        """Both branches agreeing decides even while the condition is unknown."""

        def plane(a: Plane, b: Plane) -> Plane:
            return self.either(
                [self.both([condition.true, a]), self.both([condition.false, b]), self.both([a, b])]
            )

        return Truth(plane(yes.true, no.true), plane(yes.false, no.false))

    def _over_members(self, op: str, plane: Plane) -> Plane:
        """A truth that all members share is the household's own."""
        if self.plan.scope(plane) == HOUSEHOLD:
            return plane
        return self.step(op, (plane,), True, scope=HOUSEHOLD)

    def _over_spouse(self, plane: Plane) -> Plane:
        """True for a person whose spouse it is true of. What the household shares needs only that there is a spouse."""
        if plane is False:
            return False
        if self.plan.scope(plane) == HOUSEHOLD:
            return self.both([self.step("spouse_or", (True,), True, scope=PERSON), plane])
        return self.step("spouse_or", (plane,), True, scope=PERSON)

    def _range(self, node: Node) -> Range:
        match node:
            case nodes.Constant(value=value):
                fraction = Fraction(value)
                return Range(fraction.numerator, fraction.numerator, fraction.denominator)
            case nodes.Name(name=name):
                return self._named(name)
            case nodes.Parameter(name=name, keys=keys):
                return self._parameter(name, keys)
            case nodes.Subtract(left=left, right=right):
                a, b, over = self._aligned(left, right)
                return Range(self.subtract(a.low, b.high), self.subtract(a.high, b.low), over)
            case nodes.Multiply(left=left, right=right):
                return self._product(self.range(left), self.range(right))
            case nodes.Add(left=left, right=right):
                a, b, over = self._aligned(left, right)
                return Range(self.add(a.low, b.low), self.add(a.high, b.high), over)
            case nodes.Greatest(items=items):
                return self._extreme(items, self.greatest)
            case nodes.Least(items=items):
                return self._extreme(items, self.least)
            case nodes.Choose(condition=condition, yes=yes, no=no):
                return self._choose(condition, yes, no)
            case nodes.Round(direction=direction, item=item, unit=unit):
                return self._rounded(direction, self.range(item), unit)
            case nodes.Elapsed(unit=unit, start=start):
                since = self.range(start)
                return Range(self._elapsed(unit, since.high), self._elapsed(unit, since.low))
            case nodes.Members(kind="count", body=body):
                truth = self.truth(body)
                return Range(self._count(truth.true), self._count(self.negate(truth.false)))
            case nodes.Members(kind=kind, body=body):
                each = self.range(body)
                return Range(self._combine(kind, each.low), self._combine(kind, each.high), each.over)
            case nodes.Spouse(body=body):
                each = self.range(body)
                return Range(self._spouse_sum(each.low), self._spouse_sum(each.high), each.over)
        raise TypeError(f"{type(node).__name__} is no number")

    def _named(self, name: str) -> Range:
        if name in self.rules.derived:
            return self.range(self.rules.derived[name].value)
        if name == AS_OF:
            today = encode_date(self.rules.day)
            return Range(today, today)
        if name == HOUSEHOLD_SIZE:
            size = self.step("low", (name,), False, 1, HOUSEHOLD_SIZE_MAX, HOUSEHOLD)
            return Range(size, size)
        if name == COUPLE:
            couple = self.step("low", (name,), False, 0, COUPLE_MAX, PERSON)
            return Range(couple, couple)
        return self._fact(self.rules.facts[name])

    def _fact(self, fact: Fact) -> Range:
        if fact.low == fact.high or self._gap(fact.name) == "everybody":
            return Range(fact.low, fact.high)
        low = self.step("low", (fact.name,), False, fact.low, fact.high, fact.of)
        if self._gap(fact.name) == "nobody":
            return Range(low, low)
        return Range(low, self.step("high", (fact.name,), False, fact.low, fact.high, fact.of))

    def _parameter(self, name: str, keys: tuple[Node, ...]) -> Range:
        parameter = self.rules.parameters[name]
        over = lcm(*(Fraction(value).denominator for value in parameter.value))
        entries = tuple(int(value * over) for value in parameter.value)
        if not keys:
            return Range(entries[0], entries[0], over)
        ranges = [self._key(key, extent) for key, extent in zip(keys, parameter.shape, strict=True)]
        if all(key.low == key.high for key in ranges):
            index: Operand = 0
            for key, extent in zip(ranges, parameter.shape, strict=True):
                index = self.add(self.multiply(index, extent), key.low)
            found = self.lookup(entries, index)
            return Range(found, found, over)
        index = 0
        for key, extent in zip(ranges, parameter.shape, strict=True):
            index = self.add(self.multiply(index, extent), key.low)
            index = self.add(self.multiply(index, extent), key.high)
        lows, highs = hull(entries, parameter.shape)
        return Range(self.lookup(lows, index), self.lookup(highs, index), over)

    def _key(self, key: Node, extent: int) -> Range:
        """Where in a table a key points: a code by its index, a count from one on; beyond the ends counts as the end."""
        place = self.range(key)
        if key.type == "code":
            return place
        ends = [
            self.least(self.greatest(self.subtract(end, 1), 0), extent - 1) for end in (place.low, place.high)
        ]
        return Range(ends[0], ends[1])

    def _aligned(self, left: Node, right: Node) -> tuple[Range, Range, int]:
        """Both on one denominator."""
        a, b = self.range(left), self.range(right)
        over = lcm(a.over, b.over)
        return self._scaled(a, over), self._scaled(b, over), over

    def _scaled(self, item: Range, over: int) -> Range:
        factor = over // item.over
        low = self.multiply(item.low, factor)
        return Range(low, low if item.low == item.high else self.multiply(item.high, factor), over)

    def _product(self, a: Range, b: Range) -> Range:
        over = a.over * b.over
        if self.ends(a.low)[0] >= 0 and self.ends(b.low)[0] >= 0:
            return Range(self.multiply(a.low, b.low), self.multiply(a.high, b.high), over)
        corners = [
            self.multiply(x, y)
            for x, y in product(dict.fromkeys((a.low, a.high)), dict.fromkeys((b.low, b.high)))
        ]
        low = high = corners[0]
        for corner in corners[1:]:
            low, high = self.least(low, corner), self.greatest(high, corner)
        return Range(low, high, over)

    def _extreme(self, items: tuple[Node, ...], combine: Callable[[Operand, Operand], Operand]) -> Range:
        ranges = [self.range(item) for item in items]
        over = lcm(*(item.over for item in ranges))
        ranges = [self._scaled(item, over) for item in ranges]
        low, high = ranges[0].low, ranges[0].high
        for item in ranges[1:]:
            low, high = combine(low, item.low), combine(high, item.high)
        return Range(low, high, over)

    def _choose(self, condition_node: Node, yes: Node, no: Node) -> Range:
        condition = self.truth(condition_node)
        a, b, over = self._aligned(yes, no)
        return Range(
            self._pick("pick_low", condition, a.low, b.low),
            self._pick("pick_high", condition, a.high, b.high),
            over,
        )

    def _pick(self, op: str, condition: Truth, yes: Operand, no: Operand) -> Operand:
        if condition.true is True or yes == no:
            return yes
        if condition.false is True:
            return no
        (yes_low, yes_high), (no_low, no_high) = self.ends(yes), self.ends(no)
        args = (condition.true, condition.false, yes, no)
        return self.step(op, args, False, min(yes_low, no_low), max(yes_high, no_high))

    def _rounded(self, direction: str, item: Range, unit: int) -> Range:
        """floor(x / unit) × unit, in numerators: floor(n / (over × unit)) × unit. Rounding keeps the order of the ends."""

        def end(value: Operand) -> Operand:
            divisor = item.over * unit
            if direction == "up":
                value = self.add(value, divisor - 1)
            elif direction == "half_up":
                # floor(x / unit + 1/2); doubled first so that the half is a whole number
                value, divisor = self.add(self.multiply(value, 2), divisor), divisor * 2
            return self.multiply(self.floor_divide(value, divisor), unit)

        low = end(item.low)
        return Range(low, low if item.low == item.high else end(item.high))

    def _elapsed(self, unit: str, since: Operand) -> Operand:
        months, day = months_of(self.rules.day)
        today = (months - 1) // 12 * 10000 + ((months - 1) % 12 + 1) * 100 + day

        def years(start: int) -> int:
            return (today - start) // 10000

        def whole_months(start: int) -> int:
            return months - (start // 10000 * 12 + start // 100 % 100) - (day < start % 100)

        count = years if unit == "years" else whole_months
        if not isinstance(since, Ref):
            return count(since)
        low, high = self.ends(since)
        if unit == "years":
            return self.floor_divide(self.subtract(today, since), 10000)
        return self.step("months", (since, months, day), False, count(high), count(low))

    def _count(self, plane: Plane) -> Operand:
        if plane is False:
            return 0
        size = self._named(HOUSEHOLD_SIZE).low
        if plane is True:
            return size
        if self.plan.scope(plane) == HOUSEHOLD:
            return self.step("pick_low", (plane, self.negate(plane), size, 0), False, 0, HOUSEHOLD_SIZE_MAX)
        return self.step("mcount", (plane,), False, 0, HOUSEHOLD_SIZE_MAX, HOUSEHOLD)

    def _combine(self, kind: str, item: Operand) -> Operand:
        low, high = self.ends(item)
        if self.plan.scope(item) == HOUSEHOLD:
            return item if kind != "sum" else self.multiply(item, self._named(HOUSEHOLD_SIZE).low)
        if kind == "sum":
            low, high = min(low, low * HOUSEHOLD_SIZE_MAX), max(high, high * HOUSEHOLD_SIZE_MAX)
        return self.step(f"m{kind}", (item,), False, low, high, HOUSEHOLD)

    def _spouse_sum(self, item: Operand) -> Operand:
        if item == 0:
            return 0
        low, high = self.ends(item)
        low, high = min(low, 0), max(high, 0)
        if self.plan.scope(item) == HOUSEHOLD:
            married = self._over_spouse(True)
            return self.step("pick_low", (married, self.negate(married), item, 0), False, low, high)
        return self.step("spouse_sum", (item,), False, low, high, PERSON)


def hull(entries: tuple[int, ...], shape: tuple[int, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Least and greatest entry for every range of keys, flat in the order low1, high1, low2, high2, …

    A key known only to lie in low … high can point at any entry between; where low > high the entry is never asked for.
    """
    if len(shape) == 1:
        extent = shape[0]
        lows, highs = [], []
        for low in range(extent):
            for high in range(extent):
                part = entries[low : high + 1] or entries[low : low + 1]
                lows.append(min(part))
                highs.append(max(part))
        return tuple(lows), tuple(highs)
    extent, rest = shape[0], len(entries) // shape[0]
    inner = [hull(entries[i * rest : (i + 1) * rest], shape[1:]) for i in range(extent)]
    lows, highs = [], []
    for low in range(extent):
        for high in range(extent):
            part_of_inner = inner[low : high + 1] or inner[low : low + 1]
            lows += [min(column) for column in zip(*(part[0] for part in part_of_inner), strict=True)]
            highs += [max(column) for column in zip(*(part[1] for part in part_of_inner), strict=True)]
    return tuple(lows), tuple(highs)
