"""The slow, obvious interpreter that defines what "right" is.

Numbers are pairs of exact fractions, truths are True, False or None, and nothing is shared, folded or generated. Whatever the
function, the kernel or the SQL export compute has to agree with this, everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from itertools import product
from math import ceil, floor
from typing import TYPE_CHECKING

from welfare.facts.fact import AS_OF, COUPLE, HOUSEHOLD_SIZE, encode_date
from welfare.facts.household import EncodedHousehold
from welfare.rules import nodes
from welfare.rules.nodes import Node

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

Truth = bool | None
Range = tuple[Fraction, Fraction]


class Oracle:
    """Answers for one household under one rule set."""

    def __init__(self, rules: RuleSet, household: EncodedHousehold) -> None:
        self.rules = rules
        self.household = household
        # Without this a derived value that names another twice, and that one another, would take for ever.
        self.named: dict[tuple[str, int | None], Truth | Range] = {}

    def answer(self, programme: str, member: int | None = None) -> Truth:
        """Whether all criteria hold."""
        return all_of([self.truth(c.when, member) for c in self.rules.programmes[programme].criteria])

    def amount(self, programme: str, member: int | None = None) -> Range | None:
        """Whole won from … to …, as if entitled."""
        won = self.rules.programmes[programme].amount.won
        return None if won is None else self.range(won, member)

    # Truths -----------------------------------------------------------------------------------------------------------------------

    def truth(self, node: Node, member: int | None = None) -> Truth:
        """The truth of an expression, for one member where it speaks of a person."""
        match node:
            case nodes.Constant(value=value):
                return bool(value)
            case nodes.Name(name=name) if name in self.rules.derived:
                return self.derived(name, member, self.truth)
            case nodes.Name(name=name):
                known = self.value(name, member)
                return None if known is None else bool(known)
            case nodes.Entitled(programme=programme):
                return self.answer(programme, member) if programme in self.rules.programmes else False
            case nodes.Not(item=item):
                return negated(self.truth(item, member))
            case nodes.And(items=items):
                return all_of([self.truth(item, member) for item in items])
            case nodes.Or(items=items):
                return any_of([self.truth(item, member) for item in items])
            case nodes.AtMost(left=left, right=right):
                a, b = self.range(left, member), self.range(right, member)
                return True if a[1] <= b[0] else False if a[0] > b[1] else None
            case nodes.OneOf(item=nodes.Name(name=name), indexes=indexes):
                code = self.value(name, member)
                return None if code is None else code in indexes
            case nodes.Choose(condition=condition, yes=yes, no=no):
                chosen = self.truth(condition, member)
                if_so, if_not = self.truth(yes, member), self.truth(no, member)
                return if_so if chosen is True or if_so == if_not else if_not if chosen is False else None
            case nodes.Members(kind=kind, body=body):
                each = [self.truth(body, i) for i in range(len(self.household.members))]
                return any_of(each) if kind == "any" else all_of(each)
            case nodes.Spouse(body=body):
                spouse = self.spouse(member)
                return False if spouse is None else self.truth(body, spouse)
        raise TypeError(f"{type(node).__name__} is no truth")

    # Numbers ----------------------------------------------------------------------------------------------------------------------

    def range(self, node: Node, member: int | None = None) -> Range:
        """The least and greatest value of an expression, as exact fractions."""
        match node:
            case nodes.Constant(value=value):
                return Fraction(value), Fraction(value)
            case nodes.Name(name=name) if name in self.rules.derived:
                return self.derived(name, member, self.range)
            case nodes.Name(name=name):
                return self.fact_range(name, member)
            case nodes.Parameter(name=name, keys=keys):
                return self.parameter(
                    name, [self.range(key, member) for key in keys], [key.type for key in keys]
                )
            case nodes.Subtract(left=left, right=right):
                a, b = self.range(left, member), self.range(right, member)
                return a[0] - b[1], a[1] - b[0]
            case nodes.Multiply(left=left, right=right):
                corners = [x * y for x, y in product(self.range(left, member), self.range(right, member))]
                return min(corners), max(corners)
            case nodes.Add(left=left, right=right):
                a, b = self.range(left, member), self.range(right, member)
                return a[0] + b[0], a[1] + b[1]
            case nodes.Greatest(items=items):
                ranges = [self.range(item, member) for item in items]
                return max(low for low, _ in ranges), max(high for _, high in ranges)
            case nodes.Least(items=items):
                ranges = [self.range(item, member) for item in items]
                return min(low for low, _ in ranges), min(high for _, high in ranges)
            case nodes.Choose(condition=condition, yes=yes, no=no):
                chosen, a, b = self.truth(condition, member), self.range(yes, member), self.range(no, member)
                return (min(a[0], b[0]), max(a[1], b[1])) if chosen is None else a if chosen else b
            case nodes.Round(direction=direction, item=item, unit=unit):
                low, high = self.range(item, member)
                return rounded(direction, low, unit), rounded(direction, high, unit)
            case nodes.Elapsed(unit=unit, start=start):
                low, high = self.range(start, member)
                return Fraction(self.elapsed(unit, int(high))), Fraction(self.elapsed(unit, int(low)))
            case nodes.Members(kind="count", body=body):
                each = [self.truth(body, i) for i in range(len(self.household.members))]
                return Fraction(each.count(True)), Fraction(each.count(True) + each.count(None))
            case nodes.Members(kind=kind, body=body):
                ranges = [self.range(body, i) for i in range(len(self.household.members))]
                return combined(kind, [low for low, _ in ranges]), combined(
                    kind, [high for _, high in ranges]
                )
            case nodes.Spouse(body=body):
                spouse = self.spouse(member)
                return (Fraction(0), Fraction(0)) if spouse is None else self.range(body, spouse)
        raise TypeError(f"{type(node).__name__} is no number")

    def derived[T: Truth | Range](
        self, name: str, member: int | None, read: Callable[[Node, int | None], T]
    ) -> T:
        """A derived value, worked out once for each member (a household's, once)."""
        place = name, member if self.rules.derived[name].of == "person" else None
        if place not in self.named:
            self.named[place] = read(self.rules.derived[name].value, place[1])
        return self.named[place]  # type: ignore[return-value]

    # Leaves -----------------------------------------------------------------------------------------------------------------------

    def value(self, name: str, member: int | None) -> int | bool | None:
        """A fact as it was given, or None while unknown."""
        if self.rules.facts[name].of == "household":
            return self.household.household.get(name)
        assert member is not None, f"{name} is a person's and no person is meant"
        return self.household.members[member].get(name)

    def fact_range(self, name: str, member: int | None) -> Range:
        if name == HOUSEHOLD_SIZE:
            return Fraction(len(self.household.members)), Fraction(len(self.household.members))
        if name == AS_OF:
            return Fraction(encode_date(self.rules.day)), Fraction(encode_date(self.rules.day))
        value = self.value(name, member)
        fact = self.rules.facts[name]
        return (
            (Fraction(fact.low), Fraction(fact.high)) if value is None else (Fraction(value), Fraction(value))
        )

    def parameter(self, name: str, keys: list[Range], types: list[str]) -> Range:
        figures = self.rules.parameters[name]
        spans = []
        for (low, high), kind, extent in zip(keys, types, figures.shape, strict=True):
            first = 0 if kind == "code" else 1
            ends = [min(max(int(end) - first, 0), extent - 1) for end in (low, high)]
            spans.append(range(ends[0], ends[1] + 1))
        found = []
        for place in product(*spans):
            index = 0
            for step, extent in zip(place, figures.shape, strict=True):
                index = index * extent + step
            found.append(Fraction(figures.value[index]))
        return min(found), max(found)

    def elapsed(self, unit: str, start: int) -> int:
        """Completed years or months from yyyymmdd to the day; a day missing in the later month counts as its last."""
        day = self.rules.day
        last = 31 if day.month == 12 else (day.replace(month=day.month + 1, day=1) - day.replace(day=1)).days
        reached = start % 100 <= day.day or day.day == last
        months = (day.year - start // 10000) * 12 + day.month - start // 100 % 100 - (not reached)
        return months // 12 if unit == "years" else months

    def spouse(self, member: int | None) -> int | None:
        assert member is not None
        couple = self.household.members[member][COUPLE]
        others = [i for i, m in enumerate(self.household.members) if i != member and m[COUPLE] == couple]
        return others[0] if couple and others else None


def all_of(truths: list[Truth]) -> Truth:
    return False if False in truths else None if None in truths else True


def any_of(truths: list[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False


def negated(truth: Truth) -> Truth:
    return None if truth is None else not truth


def combined(kind: str, values: list[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) if kind == "sum" else max(values) if kind == "max" else min(values)


def rounded(direction: str, value: Fraction, unit: int) -> Fraction:
    steps = value / unit
    if direction == "up":
        return Fraction(ceil(steps) * unit)
    return Fraction(floor(steps + (Fraction(1, 2) if direction == "half_up" else 0)) * unit)
