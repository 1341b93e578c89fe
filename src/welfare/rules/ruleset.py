"""The rules of one day: programmes in force, with every parameter's value filled in, ready to be asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from welfare.facts.fact import BUILT_IN_FACTS, Fact
from welfare.facts.household import EncodedHousehold, Household
from welfare.rules import nodes
from welfare.rules.catalogue import (
    CERTAIN,
    Catalogue,
    CatalogueError,
    DatedValue,
    Derived,
    Number,
    Parameter,
    Problem,
    Programme,
)
from welfare.rules.nodes import Node
from welfare.rules.order import mentioned, programme_nodes
from welfare.rules.plan import Plan, RangeError, plan_rules

if TYPE_CHECKING:
    from welfare.rules.assessment import Assessment, Reason
    from welfare.rules.function import Function


MEND_RANGE = "round an earlier part with round_down(…, 1), as the administration does, or narrow the domains of its facts"


@dataclass(frozen=True)
class Figures:
    """A parameter on one day: its number, or its table flat in the order of its keys."""

    value: tuple[Number, ...]
    shape: tuple[int, ...]
    dated: DatedValue


class RuleSet:
    """A catalogue on one day. `programmes` come in an order in which each follows those it refers to.

    `unavailable` maps a programme in force to the parameter that has no value on the day; `stale` are the parameters whose
    review date has passed.
    """

    def __init__(self, catalogue: Catalogue, day: date, only: frozenset[str] | None = None) -> None:
        self.catalogue = catalogue
        self.day = day
        self.facts: dict[str, Fact] = {
            **catalogue.facts,
            **{fact.name: fact for fact in BUILT_IN_FACTS},
        }
        self.derived: Mapping[str, Derived] = catalogue.derived
        self.parameters = {
            name: Figures(dated.value, parameter.shape, dated)
            for name, parameter in catalogue.parameters.items()
            if (dated := parameter.on(day)) is not None
        }
        self.unavailable: dict[str, str] = {}
        self.programmes: dict[str, Programme] = {}
        chosen = catalogue.programmes if only is None else self._with_asked(only)
        for name, programme in catalogue.programmes.items():
            if day in programme.valid and name in chosen:
                missing = sorted(self.parameters_of(programme) - set(self.parameters)) or [
                    # An answer that cannot be given is not a no: who asks for it cannot be answered either.
                    self.unavailable[other]
                    for other in sorted(self._asked(programme))
                    if other in self.unavailable
                ]
                if missing:
                    self.unavailable[name] = missing[0]
                else:
                    self.programmes[name] = programme
        self.index = {name: i for i, name in enumerate(self.programmes)}

    @property
    def stale(self) -> tuple[str, ...]:
        """Parameters that should have been reviewed by the day; warn at a desk, refuse in a payment run."""
        return tuple(name for name in self.parameters if self._is_stale(self.catalogue.parameters[name]))

    def _is_stale(self, parameter: Parameter) -> bool:
        return parameter.review_by is not None and parameter.review_by <= self.day

    @cached_property
    def plan(self) -> Plan:
        """Raises CatalogueError when a number could grow beyond exact arithmetic."""
        try:
            return plan_rules(self)
        except RangeError as error:
            raise CatalogueError(
                [Problem(self.catalogue.folder, None, str(self.day), str(error), MEND_RANGE)]
            ) from None

    def plan_for(self, gaps: Mapping[str, bool]) -> Plan:
        """The plan for a list in which only the facts named are known, with gaps or without; see `plan_rules`."""
        key = frozenset(gaps.items())
        if key not in self._plans:
            self._plans[key] = plan_rules(self, gaps)
        return self._plans[key]

    @cached_property
    def _plans(self) -> dict[frozenset[tuple[str, bool]], Plan]:
        return {}

    @cached_property
    def function(self) -> Function:
        """The generated function that decides one household."""
        from welfare.rules.function import Function

        return Function(self)

    def assess(self, household: Household | EncodedHousehold) -> Assessment:
        """Every programme's answer for one household, with reasons.

        Raises ValueError, in words for people, when the household does not fit the declared facts.
        """
        from welfare.rules.assessment import Assessment

        encoded = household.encoded(self.facts) if isinstance(household, Household) else household
        return Assessment(self, encoded, self.function(encoded))

    # What rests on what ---------------------------------------------------------------------------------------------------------

    def expand(self, expressions: tuple[Node, ...]) -> tuple[frozenset[str], frozenset[str]]:
        """The facts and the parameters behind expressions, through derived values and other programmes in force."""
        facts: set[str] = set()
        parameters: set[str] = set()
        seen: set[str] = set()
        stack = list(expressions)
        while stack:
            expression = stack.pop()
            names, programmes = mentioned([expression])
            parameters |= {node.name for node in expression.walk() if isinstance(node, nodes.Parameter)}
            for name in names:
                if name in self.derived:
                    if name not in seen:
                        seen.add(name)
                        stack.append(self.derived[name].value)
                elif name in self.catalogue.facts:
                    facts.add(name)
            for name in programmes - seen:
                seen.add(name)
                if self.day in self.catalogue.programmes[name].valid:
                    stack += [criterion.when for criterion in self.catalogue.programmes[name].criteria]
        return frozenset(facts), frozenset(parameters)

    def _with_asked(self, names: frozenset[str]) -> set[str]:
        """Programmes with all those whose answer they ask for."""
        found: set[str] = set()
        front = set(names)
        while front:
            found |= front
            front = set().union(*(self._asked(self.catalogue.programmes[name]) for name in front)) - found
        return found

    def _asked(self, programme: Programme) -> set[str]:
        """The programmes whose answer a programme asks for, directly or through derived values."""
        asked: set[str] = set()
        seen: set[str] = set()
        stack = list(programme_nodes(programme))
        while stack:
            names, programmes = mentioned([stack.pop()])
            asked |= programmes
            stack += [self.derived[name].value for name in names - seen if name in self.derived]
            seen |= names
        return asked

    @cached_property
    def computable(self) -> dict[str, Programme]:
        """The programmes that rest on facts alone: neither they nor a programme they ask for is left to a person."""
        found: dict[str, Programme] = {}
        for name, programme in self.programmes.items():
            if programme.computable and self._asked(programme) & self.programmes.keys() <= found.keys():
                found[name] = programme
        return found

    def parameters_of(self, programme: Programme) -> frozenset[str]:
        """The parameters a programme's criteria and amount rest on."""
        return self.expand(programme_nodes(programme))[1]

    @cached_property
    def criterion_facts(self) -> dict[tuple[str, str], frozenset[str]]:
        """(programme, criterion) → the facts it rests on."""
        memo: dict[Node, frozenset[str]] = {}
        for programme in self.programmes.values():
            for criterion in programme.criteria:
                if criterion.when not in memo:
                    memo[criterion.when] = self.expand((criterion.when,))[0]
        return {
            (name, criterion.id): memo[criterion.when]
            for name, programme in self.programmes.items()
            for criterion in programme.criteria
        }

    @cached_property
    def decided_reasons(self) -> dict[str, list[tuple[Reason, Reason]]]:
        """Programme → for each criterion the reason that it fails and the reason that it holds, made once for everybody."""
        from welfare.rules.assessment import Reason

        return {
            name: [(Reason(criterion, False), Reason(criterion, True)) for criterion in programme.criteria]
            for name, programme in self.programmes.items()
        }

    @cached_property
    def needs_check(self) -> dict[str, tuple[str, ...]]:
        """Programme → its parameters whose figure on this day is not certain; such a figure is shown as needing a check."""
        return {
            name: tuple(
                sorted(
                    parameter
                    for parameter in self.parameters_of(programme)
                    if self.parameters[parameter].dated.confidence not in CERTAIN
                )
            )
            for name, programme in self.programmes.items()
        }
