"""The kinds of rules an invented fact can have: a chance, an amount, a count, a choice, or what follows from others.

A fact that has no rule of its own gets the neutral one of its type, so a new fact in the catalogue needs no
change here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from welfare.facts import Fact
from welfare.synthetic.world import Codes, Rule, Values, World

When = Callable[[World], np.ndarray]


def chance(rate: float, when: When) -> Rule:
    """True for a share of those the condition describes, false for all others."""

    def rule(world: World, rng: np.random.Generator) -> np.ndarray:
        where = when(world)
        return where & (rng.random(len(where), np.float32) < rate)

    return rule


def chances(rate: When) -> Rule:
    """True with a probability of its own for everybody."""

    def rule(world: World, rng: np.random.Generator) -> np.ndarray:
        rates = rate(world)
        return rng.random(len(rates), np.float32) < rates

    return rule


def taken_up(rate: float, entitled: When, wrongly: float = 0.002) -> Rule:
    """A receipt: most of those who seem entitled have it (a gap remains to be found), a few others have it
    too.
    """

    def rule(world: World, rng: np.random.Generator) -> np.ndarray:
        where = entitled(world)
        return rng.random(len(where), np.float32) < np.where(
            where, rate, wrongly * plausible(world, len(where))
        )

    return rule


def plausible(world: World, count: int) -> np.ndarray:
    """Errors are made where a case was open at all: among households of modest means."""
    modest = world["means"] < 0.9
    return modest if count == world.households else world.each(modest)


def won(median: float | When, spread: float, when: When, share: float = 1.0, step: int = 10_000) -> Rule:
    """Lognormal won around a median for a share of those the condition describes, 0 for all others."""

    def rule(world: World, rng: np.random.Generator) -> np.ndarray:
        where = when(world)
        where = where & (rng.random(len(where), np.float32) < share) if share < 1 else where
        rows = np.flatnonzero(where)
        middle = median(world)[rows] if callable(median) else median
        amounts = np.zeros(len(where), np.int64)
        drawn = middle * np.exp(spread * rng.standard_normal(len(rows), np.float32))
        amounts[rows] = (drawn / step).astype(np.int64) * step
        return amounts

    return rule


def count(mean: float, most: int, when: When, least: int = 0) -> Rule:
    """Small whole numbers, at least one, where the condition holds; `least` elsewhere."""

    def rule(world: World, rng: np.random.Generator) -> np.ndarray:
        where = when(world)
        numbers = np.full(len(where), least, np.int64)
        rows = np.flatnonzero(where)
        numbers[rows] = np.minimum(1 + rng.exponential(mean, len(rows)).astype(np.int64), most)
        return numbers

    return rule


def choice(shares: dict[str, float], when: When | None = None, otherwise: str = "none") -> Rule:
    """One of several codes by their shares where the condition holds, another code elsewhere."""

    def rule(world: World, rng: np.random.Generator) -> Codes:
        names = tuple(dict.fromkeys((otherwise, *shares)))
        where = when(world) if when else np.ones(world.households, bool)
        edges = np.cumsum(list(shares.values()))
        drawn = np.searchsorted(edges / edges[-1], rng.random(len(where)))
        places = np.array([names.index(name) for name in shares])[drawn]
        return Codes(names, np.where(where, places, names.index(otherwise)))

    return rule


def always(code: str) -> Rule:
    """The same code for every household."""
    return lambda world, rng: Codes((code,), np.zeros(world.households, np.int8))


def value(of: Callable[[World], Values]) -> Rule:
    """Follows from what is known already."""
    return lambda world, rng: of(world)


def households(world: World) -> np.ndarray:
    return np.ones(world.households, bool)


def ages(low: int, high: int = 200) -> When:
    return lambda world: (world.age >= low) & (world.age <= high)


def neutral(fact: Fact) -> Rule:
    """What a fact without a rule of its own gets: its type's ordinary answer, seldom something else."""

    def rule(world: World, rng: np.random.Generator) -> Values:
        size = world.households if fact.of == "household" else world.people
        drawn = rng.random(size, np.float32)
        match fact.type:
            case "bool":
                modest = world["means"] < 0.5
                return drawn < np.where(modest if fact.of == "household" else world.each(modest), 0.08, 0.01)
            case "int":
                return np.where(drawn < 0.9, fact.low, fact.low + rng.exponential(2, size).astype(np.int64))
            case "won":
                median = 200_000 if fact.per == "month" else 3_000_000
                amounts = (median * np.exp(0.8 * rng.standard_normal(size, np.float32)) / 10_000).astype(
                    np.int64
                ) * 10_000
                return np.where(drawn < 0.85, max(fact.low, 0), amounts)
            case "date":
                back = (np.minimum(drawn, 0.999) * 3650).astype(np.int64)
                return np.datetime64(world.as_of, "D") - back
        usual = fact.codes.index("none") if "none" in fact.codes else 0
        return Codes(fact.codes, np.where(drawn < 0.85, usual, rng.integers(0, len(fact.codes), size)))

    return rule
