"""For every "no": which single number would have to change, when it is within reach.

A household that misses a benefit by 20,000 won or by two months should hear it, and so should the worker who advises it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING

from welfare.rules import nodes

if TYPE_CHECKING:
    from welfare.rules.assessment import Reason
    from welfare.rules.catalogue import Criterion
    from welfare.rules.oracle import Oracle
    from welfare.rules.ruleset import RuleSet

REACH = Fraction(1, 10)  # of the limit; further away is not a near miss but a plain no
REACH_COUNT = 1  # for counts such as years of age, where a tenth says little


@dataclass(frozen=True)
class NearMiss:
    """The only failing criterion, and by how much: `value` must come down (or up) by `gap` to meet `limit`."""

    criterion: Criterion
    value: int
    limit: int
    gap: int
    direction: str  # "down" | "up"
    unit: str  # "won" | "count"


def near_miss(oracle: Oracle, reasons: Sequence[Reason], member: int | None) -> NearMiss | None:
    """The near miss behind a refusal, or None when more than one thing is wrong or the distance is large.

    The oracle is the household's; what it has worked out for one refusal serves the next.
    """
    holds = [reason.holds for reason in reasons]
    if None in holds or holds.count(False) != 1:
        return None
    criterion = reasons[holds.index(False)].criterion
    strict, node = False, criterion.when
    while isinstance(node, nodes.Not):
        strict, node = not strict, node.item
    if not isinstance(node, nodes.AtMost) or node.left.type not in ("won", "int"):
        return None
    left, right = oracle.range(node.left, member), oracle.range(node.right, member)
    if left[0] != left[1] or right[0] != right[1]:
        return None
    # The criterion is left <= right, or, when negated, right < left. Both sides may have fractions of a won, the gap is the
    # least whole number that closes the distance.
    distance = right[0] - left[0] if strict else left[0] - right[0]
    gap = floor(distance) + 1 if strict else ceil(distance)
    moves_left = not _is_limit(oracle.rules, node.left)
    value, limit = (left[0], right[0]) if moves_left else (right[0], left[0])
    reach = abs(limit) * REACH
    # Who has none of what is counted, such as a birth, is not near to having one.
    if node.left.type == "int" and value != 0:
        reach = max(reach, Fraction(REACH_COUNT))
    if gap > reach:
        return None
    down = moves_left is not strict
    whole, other_whole = (ceil, floor) if down else (floor, ceil)
    unit = "won" if node.left.type == "won" else "count"
    return NearMiss(criterion, whole(value), other_whole(limit), gap, "down" if down else "up", unit)


def _is_limit(rules: RuleSet, node: nodes.Node) -> bool:
    """Made of figures only, so it is the law's side of the comparison and not the household's.

    Which entry of a table applies (the size of the household, the region) and which of two figures (a couple or not) does not
    make a figure the household's own.
    """
    match node:
        case nodes.Name(name=name) if name in rules.derived:
            return _is_limit(rules, rules.derived[name].value)
        case nodes.Name(name=name):
            return name in ("household_size", "as_of")
        case nodes.Parameter():
            return True
        case nodes.Choose(yes=yes, no=no):
            return _is_limit(rules, yes) and _is_limit(rules, no)
        case nodes.Members(kind="count"):
            return False
    return all(_is_limit(rules, part) for part in node.children())
