"""What the answers probably are: households that stand in for the one at the desk while its answers are still missing.

A good interviewer asks with an expectation. Here the expectation is a sample of households: those most like
the present one lend it their answers, whole households at a time, so that what belongs together (a child and
its school, rent and tenancy) stays together. Expectations choose the order of questions only; no answer of
the law ever rests on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

import numpy as np

from welfare.facts.fact import COUPLE, Fact, encode_date
from welfare.facts.household import EncodedHousehold, Household
from welfare.rules.nodes import PERSON

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

Array = np.ndarray[Any, Any]

SAMPLE = 2000  # households kept; more cost time for every question and change little
NEUTRAL = 400  # households drawn from the domains
INVENTED = 1000  # households of the invented district
SIZE_WEIGHT = 1.0  # one member more or less counts like one standard deviation of the most telling fact


class Priors:
    """A sample of households by column, without gaps: what one household did not say is lent by the next that did.

    `Priors.from_households` makes it from a population, `Priors.invented` from an invented district,
    `Priors.neutral` from nothing but the declared domains.
    """

    _neutral: ClassVar[WeakKeyDictionary[RuleSet, Priors]] = WeakKeyDictionary()
    _invented: ClassVar[WeakKeyDictionary[RuleSet, Priors]] = WeakKeyDictionary()

    def __init__(self, facts: Mapping[str, Fact], households: list[EncodedHousehold]) -> None:
        if not households:
            raise ValueError("priors need at least one household")
        self.households = len(households)
        sizes = np.array([len(household.members) for household in households])
        self.sizes = sizes
        self.first = np.cumsum(sizes) - sizes
        self.columns: dict[str, Array] = {}
        self.ranks: dict[str, tuple[Array, Array]] = {}
        members = [member for household in households for member in household.members]
        for name, fact in facts.items():
            rows = members if fact.of == PERSON else [household.household for household in households]
            column = _column([row.get(name) for row in rows])
            if column is not None:
                self.columns[name] = column
                if fact.type not in ("bool", "code"):
                    ordered = np.sort(column)
                    self.ranks[name] = ordered, _rank(ordered, column)

    @classmethod
    def from_households(cls, rules: RuleSet, households: Iterable[Household | EncodedHousehold]) -> Priors:
        """Priors from a sample, of which at most `SAMPLE`, evenly spread, are used. Raises ValueError when it is empty."""
        sample = list(households)
        step = max(1, -(-len(sample) // SAMPLE))
        encoded = [
            household.encoded(rules.facts) if isinstance(household, Household) else household
            for household in sample[::step]
        ]
        return cls(rules.catalogue.facts, encoded)

    @classmethod
    def neutral(cls, rules: RuleSet) -> Priors:
        """No expectation: values drawn from the declared domains, always the same ones."""
        if rules not in cls._neutral:
            random = Random(1)
            facts, today = rules.catalogue.facts, encode_date(rules.day)
            households = []
            for _ in range(NEUTRAL):
                members = random.choice((1, 1, 2, 2, 3, 4))
                households.append(
                    EncodedHousehold(
                        {
                            name: _drawn(fact, random, today)
                            for name, fact in facts.items()
                            if fact.of != PERSON
                        },
                        [
                            {
                                name: _drawn(fact, random, today)
                                for name, fact in facts.items()
                                if fact.of == PERSON
                            }
                            for _ in range(members)
                        ],
                    )
                )
            cls._neutral[rules] = cls(facts, households)
        return cls._neutral[rules]

    @classmethod
    def invented(cls, rules: RuleSet) -> Priors:
        """Expectations where there is no population at hand: from a small invented district, always the same one.

        Neutral ones when the district cannot be put in the words of the catalogue.
        """
        from welfare.synthetic import invent_district

        if rules not in cls._invented:
            try:
                households, members = invent_district(rules.catalogue, INVENTED, as_of=rules.day)
            except (
                ValueError
            ):  # a catalogue that means something else by the district's words; no reason not to ask
                return cls.neutral(rules)
            facts = {**rules.catalogue.facts, COUPLE: None}
            at_home: dict[int, list[dict[str, object]]] = {}
            for member in members.to_pylist():
                own = {name: value for name, value in member.items() if name in facts}
                at_home.setdefault(member["household_id"], []).append(own)
            cls._invented[rules] = cls.from_households(
                rules,
                [
                    Household(
                        {name: value for name, value in row.items() if name in facts},
                        at_home[row["household_id"]],
                    )
                    for row in households.to_pylist()
                ],
            )
        return cls._invented[rules]

    def worlds(
        self, household: EncodedHousehold, asked: Mapping[str, tuple[int, ...]], count: int
    ) -> dict[str, Array]:
        """Answers to the asked facts in `count` imagined worlds: shape (worlds,), for persons (members, worlds).

        Each world is lent by one of the households most like this one in what is known and says something
        about what is asked. Fewer worlds come out when the sample is smaller.
        """
        telling = self._telling(asked)
        away = SIZE_WEIGHT * np.abs(self.sizes - len(household.members)).astype(float)
        for name, value in household.household.items():
            if name in self.columns:
                away += telling[name] * self._apart(name, value)
        # For each member the nearest person of every household: who lends the member's answers, and how well they fit.
        nearest = []
        for member in household.members:
            apart = np.zeros(int(self.sizes.sum()))
            for name, value in member.items():
                if name in self.columns:
                    apart += telling[name] * self._apart(name, value)
            away += np.minimum.reduceat(apart, self.first) / len(household.members)
            nearest.append(apart)
        lenders = np.argsort(away, kind="stable")[:count]
        persons = np.array(
            [
                [
                    self.first[one]
                    + int(np.argmin(apart[self.first[one] : self.first[one] + self.sizes[one]]))
                    for one in lenders
                ]
                for apart in nearest
            ]
        )
        return {
            name: self.columns[name][persons if members else lenders]
            for name, members in asked.items()
            if name in self.columns
        }

    def _apart(self, name: str, value: int | bool) -> Array:
        """How far each household (or person) of the sample is from a known value, in squared standard deviations."""
        if name in self.ranks:
            ordered, ranks = self.ranks[name]
            # Ranks are spread evenly over 0 … 1: their variance is 1/12.
            return np.asarray(12 * (ranks - _rank(ordered, np.array([int(value)]))[0]) ** 2)
        other = self.columns[name] != int(value)
        # Sharing a rare answer says more than sharing a common one.
        return np.asarray(other / max(0.02, 1 - other.mean()))

    def _telling(self, asked: Iterable[str]) -> dict[str, float]:
        """How much each fact says about the asked ones: their mean squared correlation, above what chance gives."""
        names, strength = self._strength
        places = [names[name] for name in asked if name in names]
        weights = strength[:, places].mean(axis=1) if places else np.ones(len(names))
        weights = np.maximum(0.02, weights / max(1e-9, float(weights.max())))
        return {name: float(weights[place]) for name, place in names.items()}

    @cached_property
    def _strength(self) -> tuple[dict[str, int], Array]:
        """Fact × fact: the largest squared correlation between any of their features, over the households."""
        features, home = [], []
        names = {name: place for place, name in enumerate(self.columns)}
        for name, column in self.columns.items():
            values = self.ranks[name][1] if name in self.ranks else column
            many = name not in self.ranks and len(np.unique(column)) > 2
            for part in [column == code for code in np.unique(column)] if many else [values]:
                for feature in self._summaries(np.asarray(part, float), len(column)):
                    features.append(feature)
                    home.append(names[name])
        table = np.array(features)
        table -= table.mean(axis=1, keepdims=True)
        table /= np.maximum(1e-9, np.sqrt((table**2).sum(axis=1, keepdims=True)))
        squared = np.maximum(0, (table @ table.T) ** 2 - 4 / self.households)
        strength = np.zeros((len(names), len(names)))
        np.maximum.at(strength, (np.array(home)[:, None], np.array(home)[None, :]), squared)
        return names, strength

    def _summaries(self, part: Array, rows: int) -> list[Array]:
        """A column by household: as it is, or for persons the least, the greatest and the mean of the members."""
        if rows == self.households:
            return [part]
        least, most = np.minimum.reduceat(part, self.first), np.maximum.reduceat(part, self.first)
        return [least, most, np.add.reduceat(part, self.first) / self.sizes]


def _column(values: list[int | bool | None]) -> Array | None:
    """Values as numbers, each gap filled from the next household that has one; None when nobody has."""
    known = [i for i, value in enumerate(values) if value is not None]
    if not known:
        return None
    column = np.array([0 if value is None else int(value) for value in values], np.int64)
    gaps = np.array([i for i, value in enumerate(values) if value is None], np.int64)
    if len(gaps):
        column[gaps] = column[np.array(known)[np.searchsorted(known, gaps) % len(known)]]
    return column


def _rank(ordered: Array, values: Array) -> Array:
    """Where values stand among the sample's, 0 … 1; equal values share the middle of their places."""
    places = np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")
    return np.asarray(places / (2 * len(ordered)))


def _drawn(fact: Fact, random: Random, today: int) -> int | bool:
    """A value of a fact's domain: one in four says yes; half of all amounts are nothing, the rest spread over magnitudes."""
    if fact.type == "bool":
        return random.random() < 0.25
    if fact.type == "code":
        return random.randint(fact.low, fact.high)
    if fact.type == "date":
        high = min(fact.high, today)
        year = random.randint(max(fact.low // 10000, high // 10000 - 90), high // 10000)
        return min(
            max(year * 10000 + random.randint(1, 12) * 100 + random.randint(1, 28), fact.low), fact.high
        )
    if random.random() < 0.5:
        return max(fact.low, min(0, fact.high))
    span = fact.high - fact.low
    return fact.low + round(span ** random.random()) if span > 0 else fact.low
