"""How much stays open: ranges against SQL's NULL, on the same rules and the same invented households.

    python -m benchmarks.unknowns --households 1000

With NULL an unknown fact makes every sum and comparison it stands in unknown, and/or/any/all keep what is certain (Kleene). With
ranges a sum with one unknown part is still somewhere between two ends, and often that decides.
"""

from __future__ import annotations

import argparse
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import welfare
from benchmarks import generated as country
from benchmarks import measure
from benchmarks.one_household import some
from welfare.facts import EncodedHousehold
from welfare.rules import nodes
from welfare.rules.nodes import Node
from welfare.rules.oracle import Oracle, all_of, any_of, negated
from welfare.rules.ruleset import RuleSet

Value = bool | int | Fraction | None


class Nulls:
    """Answers for one household under NULL logic: a number is known or it is not."""

    def __init__(self, rules: RuleSet, household: EncodedHousehold) -> None:
        self.rules, self.household = rules, household
        self.oracle = Oracle(rules, household)
        self.memo: dict[tuple[int, int | None], Value] = {}

    def answer(self, programme: str) -> Value:
        return all_of(
            [self.value(criterion.when, None) for criterion in self.rules.programmes[programme].criteria]
        )  # type: ignore[misc]

    def value(self, node: Node, member: int | None) -> Value:
        key = (id(node), member)
        if key not in self.memo:
            self.memo[key] = self._value(node, member)
        return self.memo[key]

    def _value(self, node: Node, member: int | None) -> Value:
        def of(child: Node) -> Any:
            return self.value(child, member)

        match node:
            case nodes.Constant(value=value):
                return value
            case nodes.Name(name=name) if name in self.rules.derived:
                return self.value(self.rules.derived[name].value, member)
            case nodes.Name(name="household_size"):
                return len(self.household.members)
            case nodes.Name(name=name):
                return self.oracle.value(name, member if self.rules.facts[name].of == "person" else None)
            case nodes.Not(item=item):
                return negated(of(item))
            case nodes.And(items=items):
                return all_of([of(item) for item in items])
            case nodes.Or(items=items):
                return any_of([of(item) for item in items])
            case nodes.Choose(condition=condition, yes=yes, no=no):
                chosen = of(condition)
                return None if chosen is None else of(yes) if chosen else of(no)
            case nodes.OneOf(item=item, indexes=indexes):
                code = of(item)
                return None if code is None else code in indexes
            case nodes.Members(kind=kind, body=body):
                return self._members(kind, [self.value(body, i) for i in range(len(self.household.members))])
        parts = [of(child) for child in node.children()]
        if any(part is None for part in parts):
            return None
        return self._known(node, parts)

    @staticmethod
    def _members(kind: str, each: list[Any]) -> Value:
        if kind in ("any", "all"):
            return any_of(each) if kind == "any" else all_of(each)
        if None in each:
            return None
        return {"count": sum, "sum": sum, "max": max, "min": min}[kind](each)

    def _known(self, node: Node, parts: list[Any]) -> Value:
        match node:
            case nodes.AtMost():
                return parts[0] <= parts[1]
            case nodes.Subtract():
                return parts[0] - parts[1]
            case nodes.Multiply():
                return parts[0] * parts[1]
            case nodes.Add():
                return parts[0] + parts[1]
            case nodes.Greatest():
                return max(parts)
            case nodes.Least():
                return min(parts)
            case nodes.Round(direction=direction, unit=unit):
                from welfare.rules.oracle import rounded

                return rounded(direction, Fraction(parts[0]), unit)
            case nodes.Elapsed(unit=unit):
                return self.oracle.elapsed(unit, parts[0])
            case nodes.Parameter(name=name, keys=keys):
                pairs = [(Fraction(part), Fraction(part)) for part in parts]
                return self.oracle.parameter(name, pairs, [key.type for key in keys])[0]
        raise TypeError(type(node).__name__)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--households", type=int, default=1_000)
    given = parser.parse_args()
    counts = {"ranges": [0, 0], "NULL": [0, 0]}
    wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        rules = welfare.load(country.write_catalogue(Path(scratch) / "catalogue")).at(country.AS_OF)
        households = some(rules, Path(scratch), given.households)
    for household in households:
        encoded = household.encoded(rules.facts)
        assessment, nulls = rules.assess(encoded), Nulls(rules, encoded)
        for name in rules.programmes:
            ranges, null = assessment.said(name)[0], nulls.answer(name)
            wrong += null is not None and ranges is not null
            for way, answer in (("ranges", ranges), ("NULL", null)):
                counts[way][0] += answer is None
                counts[way][1] += answer is True
    rows: list[tuple[object, ...]] = [
        (way, *(count / len(households) for count in found), f"{found[0] / counts['NULL'][0]:.0%}")
        for way, found in counts.items()
    ]
    print(
        measure.table(
            (
                f"{len(households)} households × {len(rules.programmes)}",
                "open each",
                "surely entitled each",
                "open, of NULL's",
            ),
            rows,
        )
    )
    print(f"answers that NULL logic is sure of and ranges give otherwise: {wrong}")


if __name__ == "__main__":
    main()
