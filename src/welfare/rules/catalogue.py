"""The catalogue: programmes, facts, derived values, dated parameters and sources, as frozen values.

A catalogue is the law as it is written down, over all dates. What holds on one day is a `RuleSet`, made by `Catalogue.at`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from welfare.facts.fact import BY_HAND, HOUSEHOLD_SIZE_MAX, Fact, Text
from welfare.rules.nodes import HOUSEHOLD, Name, Node

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

CONFIDENCES = ("verified", "derived", "secondary", "general", "uncertain")
CERTAIN = ("verified", "derived")  # anything weaker is shown as "needs check"
TIERS = ("official", "press", "secondary", "none")

Number = int | Fraction


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a catalogue: where it stands, what it is, how to mend it."""

    file: str
    line: int | None
    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        mend = f"\n    → {self.mend}" if self.mend else ""
        return f"{place}: {self.where}: {self.what}{mend}"


class CatalogueError(Exception):
    """A catalogue that cannot be used; `problems` lists everything that is wrong with it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True)
class Source:
    """Where a figure or rule was read."""

    id: str
    title: str
    address: str
    tier: str
    read_on: str


@dataclass(frozen=True)
class Period:
    """From a day on, until a last day or for good; both days included."""

    start: date
    end: date | None = None

    def __contains__(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True)
class DatedValue:
    """One value of a parameter: since when, by which text, how sure. `value` is flat, in the order of the table's keys."""

    period: Period
    value: tuple[Number, ...]
    source: str
    confidence: str
    decided: date | None = None
    note: Text | None = None


@dataclass(frozen=True)
class Parameter:
    """A number of the law with its history. `by` names the facts a table is keyed by; `shape` is its extent."""

    name: str
    type: str
    label: Text
    law: str
    values: tuple[DatedValue, ...]
    review_by: date | None
    by: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    per: str | None = None

    def on(self, day: date) -> DatedValue | None:
        """The value in force on `day`, or None."""
        return next((value for value in self.values if day in value.period), None)


@dataclass(frozen=True)
class Derived:
    """A value computed from facts, with the law that says how."""

    name: str
    of: str
    type: str
    label: Text
    law: str
    text: str
    value: Node
    per: str | None = None


@dataclass(frozen=True)
class Criterion:
    """One condition: one line, one law reference, one label. `text` is empty where only a person can check it."""

    id: str
    label: Text
    text: str
    law: str
    when: Node

    @property
    def by_hand(self) -> bool:
        """Only a person can check it: the machine never decides it and says so."""
        return self.when == Name(BY_HAND, "bool", HOUSEHOLD)


@dataclass(frozen=True)
class Benefit:
    """What a programme gives: won per period, something in kind, or both (a stated value)."""

    per: str
    text: str | None = None
    won: Node | None = None
    in_kind: Text | None = None


@dataclass(frozen=True)
class Programme:
    """One welfare programme as a resident and a machine can read it."""

    id: str
    name: Text
    summary: Text
    field: str
    scope: str
    agency: Text
    law: str
    subject: str
    valid: Period
    criteria: tuple[Criterion, ...]
    amount: Benefit
    documents: tuple[Text, ...]
    apply_at: tuple[Text, ...]
    sources: tuple[str, ...]
    confidence: str
    received: str | None = None
    excludes: tuple[str, ...] = ()
    hand_check: tuple[Text, ...] = ()
    notes: tuple[Text, ...] = ()

    @property
    def computable(self) -> bool:
        """Every criterion can be decided from facts; none is left to a person."""
        return not any(criterion.by_hand for criterion in self.criteria)


@dataclass(frozen=True)
class Catalogue:
    """Everything one jurisdiction's files say. `version` is a hash of their contents.

    `fields` are the fields of life, `scopes` who may give a programme (the state, a city, a district), each in its order.
    """

    name: Text
    jurisdiction: str
    version: str
    fields: Mapping[str, Text]
    scopes: Mapping[str, Text]
    sources: Mapping[str, Source]
    facts: Mapping[str, Fact]
    parameters: Mapping[str, Parameter]
    derived: Mapping[str, Derived]
    programmes: Mapping[str, Programme]
    folder: str = field(default="", compare=False)

    @cached_property
    def _rule_sets(self) -> Callable[[date, frozenset[str] | None], RuleSet]:
        from welfare.rules.ruleset import RuleSet

        return lru_cache(maxsize=16)(lambda day, only: RuleSet(self, day, only))

    def __getstate__(self) -> dict[str, object]:
        """Without the rule sets of days, which another process makes for itself."""
        return {name: value for name, value in self.__dict__.items() if name != "_rule_sets"}

    def turning_days(self) -> dict[date, tuple[set[str], set[str]]]:
        """Each day on which a figure or a programme comes into force, in order: the figures, and the programmes.

        Between two of these days the rules stay the same.
        """
        days: dict[date, tuple[set[str], set[str]]] = {}
        for name, parameter in self.parameters.items():
            for value in parameter.values:
                days.setdefault(value.period.start, (set(), set()))[0].add(name)
        for name, programme in self.programmes.items():
            days.setdefault(programme.valid.start, (set(), set()))[1].add(name)
        return dict(sorted(days.items()))

    def at(self, day: date, only: frozenset[str] | None = None) -> RuleSet:
        """The rules in force on `day`, with parameter values filled in.

        A programme one of whose parameters has no value on that day is left out and listed in `RuleSet.unavailable`. With
        `only`, the rules of these programmes and of those they ask for: quicker to prepare where nobody needs the others.
        """
        return self._rule_sets(day, only)


def expand_sizes(values: tuple[Number, ...], beyond: str | None) -> tuple[Number, ...]:
    """A list given from size 1 on, continued to the largest household.

    `add_last_step` adds the difference of the two last entries for each further person (the rule of the standard median
    income for eight and more), `repeat_last` repeats the last entry.
    """
    step = values[-1] - values[-2] if beyond == "add_last_step" else 0
    missing = HOUSEHOLD_SIZE_MAX - len(values)
    return values + tuple(values[-1] + step * (i + 1) for i in range(missing))
