"""Which facts can still change which answer, for one household as far as it is known.

The interview may only ask what matters. A fact matters to an open criterion when there is a way from the
criterion down to the fact on which nothing is decided yet: `disabled and age < 18` stops asking about
disability for a member of forty, and an income that is over the limit already stops asking for the rest of
it. Values come from the plan, like everywhere else, so nothing here can disagree about what a rule means; the
tree of nodes only says what hangs below what.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from welfare.facts.fact import HOUSEHOLD_SIZE_MAX, Fact
from welfare.facts.household import EncodedHousehold
from welfare.rules import nodes
from welfare.rules.function import Function, spouses
from welfare.rules.nodes import PERSON, Node
from welfare.rules.plan import Plan, Range, Ref, Step, Truth, _Lowering

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

Array = np.ndarray[Any, Any]


class Point(NamedTuple):
    """A node of the rules, numbered: how to walk on, whether it is decided, and what it hangs on."""

    kind: str
    lowered: Truth | Range | None
    person: bool
    children: tuple[int, ...]
    bits: int  # of a fact: the places of its units, see `Relevance.unit`


class OpenAnswer(NamedTuple):
    """A programme not decided yet for a household or a member, with its undecided criteria as (point, member)."""

    programme: str
    member: int | None
    criteria: tuple[tuple[int, int | None], ...]


class _Trace(Function):
    """The function of a plan that hands out every step's value instead of the programmes' outputs."""

    def _lines(self) -> list[str]:
        wanted = sorted(self.plan.needed([Ref(index) for index in self.wanted]))
        self.outputs = {index: place for place, index in enumerate(wanted)}
        lines = ["def decide(H, M, P):", *("  " + self._line(index) for index in wanted)]
        return [*lines, "  return (" + "".join(f"v{index}, " for index in wanted) + ")"]

    def __init__(self, plan: Plan, facts: Mapping[str, Fact], wanted: set[int]) -> None:
        self.wanted = wanted
        super().__init__(SimpleNamespace(plan=plan, facts=facts))  # type: ignore[arg-type]


class Relevance:
    """The rules of one day as a numbered graph from criteria down to facts. Made once per rule set: `Relevance.of(rules)`."""

    _made: ClassVar[WeakKeyDictionary[RuleSet, Relevance]] = WeakKeyDictionary()

    @classmethod
    def of(cls, rules: RuleSet) -> Relevance:
        if rules not in cls._made:
            cls._made[rules] = cls(rules)
        return cls._made[rules]

    def __init__(self, rules: RuleSet) -> None:
        self.facts = rules.facts
        self.derived = rules.derived
        lowering = _Lowering(rules, None)
        self.plan = lowering.plan_all()
        self._lowered = lowering.lowered
        self._programmes = {
            name: (programme.subject == PERSON, programme.criteria)
            for name, programme in rules.programmes.items()
        }
        self.names = [name for name, fact in rules.facts.items() if name in rules.catalogue.facts]
        self._place: dict[str, int] = {}
        self._owners: list[tuple[str, int | None]] = []  # of each unit
        for name in self.names:
            self._place[name] = len(self._owners)
            members = range(HOUSEHOLD_SIZE_MAX) if self.facts[name].of == PERSON else (None,)
            self._owners += [(name, member) for member in members]
        self.points: list[Point] = []
        self._numbers: dict[Node, int] = {}
        self.criteria: dict[str, tuple[bool, tuple[int, ...]]] = {
            name: (person, tuple(self.number(criterion.when) for criterion in criteria))
            for name, (person, criteria) in self._programmes.items()
        }
        operands = {
            end.index
            for point in self.points
            if point.lowered is not None
            for end in _ends(point.lowered)
            if isinstance(end, Ref)
        }
        answers = {
            plane.index
            for lowered in self.plan.programmes.values()
            for plane in (lowered.answer.true, lowered.answer.false)
            if isinstance(plane, Ref)
        }
        self.trace = _Trace(self.plan, self.facts, operands | answers)
        self.person_steps = [step.scope == PERSON for step in self.plan.steps]

    def unit(self, fact: str, member: int | None) -> int:
        """One bit for a fact of the household, or of one member."""
        return 1 << (self._place[fact] + (member or 0))

    @cached_property
    def units(self) -> dict[str, int]:
        """All bits of a fact, of every possible member."""
        every = (1 << HOUSEHOLD_SIZE_MAX) - 1
        return {
            name: (every if self.facts[name].of == PERSON else 1) << self._place[name] for name in self.names
        }

    def split(self, mask: int) -> dict[str, tuple[int, ...]]:
        """The facts in a mask, each with its members (none for a fact of the household), in the catalogue's order."""
        found: dict[str, tuple[int, ...]] = {}
        for bit in _bits(mask):
            name, member = self._owners[bit]
            found[name] = () if member is None else (*found.get(name, ()), member)
        return found

    def number(self, node: Node) -> int:
        """The point of a node of these rules."""
        if node in self._numbers:
            return self._numbers[node]
        kind, children, bits = type(node).__name__, [self.number(child) for child in node.children()], 0
        match node:
            case nodes.Name(name=name) if name in self.derived:
                kind, children = "Same", [self.number(self.derived[name].value)]
            case nodes.Name(name=name):
                kind, bits = "Fact", 1 << self._place[name] if name in self._place else 0
            case nodes.Entitled(programme=programme):
                _, criteria = self._programmes.get(programme, (False, ()))
                kind, children = "And", [self.number(criterion.when) for criterion in criteria]
            case nodes.Members(kind=over):
                kind = f"{over}_member"
            case nodes.Spouse():
                kind = "Spouse"
        lowered = self._lowered.get(node)
        point = Point(kind, lowered, node.scope == PERSON, tuple(children), bits)
        self.points.append(point)
        self._numbers[node] = len(self.points) - 1
        return self._numbers[node]

    # What hangs on what, as masks of steps ----------------------------------------------------------------

    @cached_property
    def below(self) -> dict[int, int]:
        """Point of a criterion → mask of the steps its two planes rest on."""
        return {
            point: _mask(self.plan.needed([*_ends(lowered)]))
            for _, criteria in self.criteria.values()
            for point in criteria
            if (lowered := self.points[point].lowered) is not None
        }

    @cached_property
    def above(self) -> dict[str, int]:
        """Fact → mask of the steps that rest on it."""
        resting: dict[str, int] = dict.fromkeys(self.names, 0)
        behind: list[set[str]] = []
        for index, step in enumerate(self.plan.steps):
            found = {step.args[0]} if step.op in LEAVES and step.args[0] in resting else set()
            found |= {name for arg in step.args if isinstance(arg, Ref) for name in behind[arg.index]}
            behind.append(found)
            for name in found:
                resting[str(name)] |= 1 << index
        return resting


LEAVES = ("low", "high", "true", "false", "is_in", "not_in")


def _ends(lowered: Truth | Range) -> tuple[object, object]:
    return (lowered.true, lowered.false) if isinstance(lowered, Truth) else (lowered.low, lowered.high)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        yield (mask & -mask).bit_length() - 1
        mask &= mask - 1


def _mask(places: set[int]) -> int:
    mask = 0
    for place in places:
        mask |= 1 << place
    return mask


@dataclass(frozen=True)
class Standing:
    """Where one household stands: every step's value, the open answers, and what each open criterion still hangs on."""

    relevance: Relevance
    household: EncodedHousehold
    values: tuple[Any, ...]
    spouses: list[int]

    @classmethod
    def at(cls, relevance: Relevance, household: EncodedHousehold) -> Standing:
        return cls(relevance, household, relevance.trace(household), spouses(household.members))

    def value(self, operand: object, member: int | None = None) -> Any:
        if not isinstance(operand, Ref):
            return operand
        value = self.values[self.relevance.trace.outputs[operand.index]]
        return value[member] if self.relevance.person_steps[operand.index] else value

    def decided(self, point: int, member: int | None) -> bool:
        lowered = self.relevance.points[point].lowered
        if isinstance(lowered, Truth):
            return bool(self.value(lowered.true, member) or self.value(lowered.false, member))
        assert lowered is not None
        return bool(self.value(lowered.low, member) == self.value(lowered.high, member))

    @cached_property
    def open(self) -> tuple[OpenAnswer, ...]:
        """The answers nothing has decided yet, in the catalogue's order."""
        found = []
        members = range(len(self.household.members))
        for name, (person, criteria) in self.relevance.criteria.items():
            answer = self.relevance.plan.programmes[name].answer
            for member in members if person else (None,):
                if not self.value(answer.true, member) and not self.value(answer.false, member):
                    undecided = tuple(
                        (point, member if self.relevance.points[point].person else None)
                        for point in criteria
                        if not self.decided(point, member)
                    )
                    found.append(OpenAnswer(name, member, undecided))
        return tuple(found)

    @cached_property
    def live(self) -> dict[tuple[int, int | None], int]:
        """Undecided criterion → mask of the units (fact, member) that can still decide it."""
        memo: dict[tuple[int, int | None], int] = {}
        return {key: self._live(*key, memo) for answer in self.open for key in answer.criteria}

    def _live(self, place: int, member: int | None, memo: dict[tuple[int, int | None], int]) -> int:
        point = self.relevance.points[place]
        if not point.person:
            member = None
        key = (place, member)
        found = memo.get(key)
        if found is None:
            found = memo[key] = self._look(point, member, memo)
        return found

    def _look(self, point: Point, member: int | None, memo: dict[tuple[int, int | None], int]) -> int:
        kind = point.kind
        if kind == "Fact":
            return self._fact(point, member)
        lowered = point.lowered
        if isinstance(lowered, Truth):
            if self.value(lowered.true, member) or self.value(lowered.false, member):
                return 0
        elif lowered is not None:
            low, high = self.value(lowered.low, member), self.value(lowered.high, member)
            if low == high:
                return 0
            if kind in ("Greatest", "Least"):
                return self._extreme(kind, point, member, low, high, lowered.over, memo)
        if kind == "Choose":
            return self._choose(point, member, memo)
        if kind.endswith("_member"):
            within = range(len(self.household.members))
            return self._union([(child, one) for child in point.children for one in within], memo)
        if kind == "Spouse":
            assert member is not None
            spouse = self.spouses[member]
            return 0 if spouse < 0 else self._union([(child, spouse) for child in point.children], memo)
        return self._union([(child, member) for child in point.children], memo)

    def _union(
        self,
        keys: list[tuple[int, int | None]] | list[tuple[int, int]],
        memo: dict[tuple[int, int | None], int],
    ) -> int:
        mask = 0
        for place, member in keys:
            mask |= self._live(place, member, memo)
        return mask

    def _fact(self, point: Point, member: int | None) -> int:
        if not point.bits:
            return 0
        if not point.person:
            return point.bits if not self._known & point.bits else 0
        assert member is not None
        bit = point.bits << member
        return bit if not self._known & bit else 0

    @cached_property
    def _known(self) -> int:
        """The units whose value is known."""
        relevance, mask = self.relevance, 0
        for name in self.household.household:
            if name in relevance.units:
                mask |= relevance.unit(name, None)
        for place, member in enumerate(self.household.members):
            for name in member:
                if name in relevance.units:
                    mask |= relevance.unit(name, place)
        return mask

    def _choose(self, point: Point, member: int | None, memo: dict[tuple[int, int | None], int]) -> int:
        condition, yes, no = point.children
        lowered = self.relevance.points[condition].lowered
        assert isinstance(lowered, Truth)
        if self.value(lowered.true, member):
            return self._live(yes, member, memo)
        if self.value(lowered.false, member):
            return self._live(no, member, memo)
        return self._union([(condition, member), (yes, member), (no, member)], memo)

    def _extreme(
        self, kind: str, point: Point, member: int | None, low: int, high: int, over: int,
        memo: dict[tuple[int, int | None], int],
    ) -> int:  # fmt: skip
        """Of the greatest of several, what surely is not the greatest does not matter (and so for the least)."""
        mask = 0
        for child in point.children:
            part = self.relevance.points[child].lowered
            assert isinstance(part, Range)
            if kind == "Greatest":
                matters = self.value(part.high, member) * over > low * part.over
            else:
                matters = self.value(part.low, member) * over < high * part.over
            if matters:
                mask |= self._live(child, member, memo)
        return mask


# Many imagined households at once -------------------------------------------------------------------------


class Imagined:
    """The open criteria of one household under many imagined sets of further answers, in one pass over the plan.

    An array of a household's value has the shape (worlds, trials), a person's (members, worlds, trials): a
    world says what the answers would be, a trial which of them have been given. Steps no candidate question
    can move keep their present value.
    """

    def __init__(
        self, standing: Standing, asked: Mapping[str, tuple[int, ...]], worlds: Mapping[str, Array]
    ) -> None:
        self.standing = standing
        self.relevance = standing.relevance
        self.asked = asked
        self.worlds = worlds
        wanted = moved = 0
        for point, _ in standing.live:
            wanted |= self.relevance.below[point]
        for fact in asked:
            moved |= self.relevance.above[fact]
        self.steps = list(_bits(wanted & moved))
        self._constants: dict[int, Any] = {}

    def run(self, given: Mapping[str, Array]) -> dict[int, Array]:
        """Step → its values. `given` says for each asked fact in which (worlds, trials) it has been answered."""
        values: dict[int, Array] = {}
        plan = self.relevance.plan
        leaves: dict[str, tuple[Any, Any]] = {}

        def operand(arg: object) -> Any:
            if not isinstance(arg, Ref):
                return arg
            found = values.get(arg.index)
            return self._constant(arg) if found is None else found

        for index in self.steps:
            step = plan.steps[index]
            if step.op in LEAVES:
                name = str(step.args[0])
                if name not in leaves:
                    leaves[name] = self._leaf(name, given[name])
                values[index] = _leaf_step(step, *leaves[name])
            else:
                values[index] = self._step(step, operand)
        return values

    def _constant(self, ref: Ref) -> Any:
        found = self._constants.get(ref.index)
        if found is None:
            found = self.standing.values[self.relevance.trace.outputs[ref.index]]
            if self.relevance.person_steps[ref.index]:
                found = np.array(found)[:, None, None]
            self._constants[ref.index] = found
        return found

    def _leaf(self, name: str, given: Array) -> tuple[Any, Any]:
        """A fact's value and whether it is known, wherever asked; elsewhere as it stands."""
        world = self.worlds[name]
        if self.relevance.facts[name].of != PERSON:
            return world[:, None], given
        members = self.standing.household.members
        value = np.zeros((len(members), world.shape[1], 1), np.int64)
        known = np.zeros((len(members), *given.shape), bool)
        for place, member in enumerate(members):
            if place in self.asked[name]:
                value[place, :, 0], known[place] = world[place], given
            elif name in member:
                value[place], known[place] = int(member[name]), True
        return value, known

    def _step(self, step: Step, operand: Any) -> Array:
        if step.op == "lookup":
            return np.array(step.args[0], np.int64)[operand(step.args[1])]
        args = [operand(arg) for arg in step.args]
        match step.op:
            case "add":
                return args[0] + args[1]
            case "sub":
                return args[0] - args[1]
            case "mul":
                return args[0] * args[1]
            case "floordiv":
                return args[0] // args[1]
            case "gt":
                return args[0] > args[1]
            case "and":
                return args[0] & args[1]
            case "or":
                return args[0] | args[1]
            case "not":
                return ~args[0]
            case "min":
                return np.minimum(args[0], args[1])
            case "max":
                return np.maximum(args[0], args[1])
            case "pick_low" | "pick_high":
                hull = np.minimum if step.op == "pick_low" else np.maximum
                true, false, yes, no = args
                return np.where(true, yes, np.where(false, no, hull(yes, no)))
            case "months":
                start, months, day = args
                return months - (start // 10000 * 12 + start // 100 % 100) - (day < start % 100)
            case "mor":
                return args[0].any(axis=0)
            case "mand":
                return args[0].all(axis=0)
            case "mcount" | "msum":
                return args[0].sum(axis=0)
            case "mmin":
                return args[0].min(axis=0)
            case "mmax":
                return args[0].max(axis=0)
            case "spouse_or" | "spouse_sum":
                partners = np.array(self.standing.spouses)
                return np.where(
                    (partners >= 0)[:, None, None], args[0][partners], 0 if step.op == "spouse_sum" else False
                )
        raise TypeError(step.op)

    def criterion(self, key: tuple[int, int | None], values: Mapping[int, Array]) -> tuple[Any, Any]:
        """(surely true, surely false) of an open criterion."""
        point, member = key
        lowered = self.relevance.points[point].lowered
        assert isinstance(lowered, Truth)
        return self._plane(lowered.true, member, values), self._plane(lowered.false, member, values)

    def _plane(self, plane: Any, member: int | None, values: Mapping[int, Array]) -> Any:
        if not isinstance(plane, Ref):
            return plane
        found = values.get(plane.index)
        if found is None:
            return self.standing.value(plane, member)
        return found[member] if self.relevance.person_steps[plane.index] else found


def _leaf_step(step: Step, value: Array, known: Array) -> Array:
    match step.op:
        case "low":
            return np.where(known, value, step.low)
        case "high":
            return np.where(known, value, step.high)
        case "true":
            return known & (value == 1)
        case "false":
            return known & (value == 0)
        case "is_in":
            return known & _one_of(value, step.args[1])
        case _:
            return known & ~_one_of(value, step.args[1])


def _one_of(value: Array, codes: object) -> Array:
    """A few comparisons are quicker than a search."""
    assert isinstance(codes, frozenset)
    found = np.zeros(value.shape, bool)
    for code in codes:
        found |= value == code
    return found
