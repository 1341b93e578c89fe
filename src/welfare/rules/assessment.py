"""What a household is told: for each programme an answer, the reason of each criterion, the amount, what is still missing.

Built from the raw outputs of the function only as far as somebody looks, so that deciding stays quick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from welfare.facts.fact import Text
from welfare.facts.household import EncodedHousehold
from welfare.rules.catalogue import Criterion, Programme
from welfare.rules.exclusion import Rivals, busiest, groups, without
from welfare.rules.near_miss import NearMiss, near_miss
from welfare.rules.nodes import PERSON
from welfare.rules.oracle import Oracle
from welfare.rules.plan import Lowered, Ref, Truth

if TYPE_CHECKING:
    from welfare.rules.ruleset import RuleSet

ENTITLED, NOT_ENTITLED, UNKNOWN = "entitled", "not_entitled", "unknown"


@dataclass(frozen=True)
class Amount:
    """Whole won from `low` to `high` (equal when everything is known) per period; None, None for help in kind."""

    low: int | None
    high: int | None
    per: str
    in_kind: Text | None = None

    @property
    def exact(self) -> bool:
        return self.low is not None and self.low == self.high


@dataclass(frozen=True)
class Reason:
    """One criterion: it holds, fails, or cannot be told yet because facts are missing."""

    criterion: Criterion
    holds: bool | None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Result:
    """One programme for one household, or for one member of it (`member` is the place in the list)."""

    programme: Programme
    member: int | None
    answer: str
    amount: Amount | None
    reasons: tuple[Reason, ...]
    receives: bool | None
    set_aside_for: str | None = None
    near_miss: NearMiss | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """Facts that could still change the answer."""
        return tuple(dict.fromkeys(name for reason in self.reasons for name in reason.missing))

    @property
    def advised(self) -> bool:
        """Entitled, and no better programme excludes it."""
        return self.answer == ENTITLED and self.set_aside_for is None

    @property
    def missed(self) -> bool:
        """Entitled but surely not received: the gap this software exists to close."""
        return self.answer == ENTITLED and self.receives is False


class Assessment:
    """The answers for one household on one day."""

    def __init__(self, rules: RuleSet, household: EncodedHousehold, values: tuple[Any, ...]) -> None:
        self.rules = rules
        self.household = household
        self._values = values
        self._open_reasons: dict[tuple[str, str], Reason] = {}

    def value(self, operand: object, member: int | None = None) -> Any:
        """The value of a plan's operand, for one member where it is a person's."""
        if not isinstance(operand, Ref):
            return operand
        value = self._values[self.rules.function.outputs[operand.index]]
        return value[member] if isinstance(value, list) and member is not None else value

    def truth(self, truth: Truth, member: int | None = None) -> bool | None:
        if self.value(truth.true, member):
            return True
        return False if self.value(truth.false, member) else None

    @cached_property
    def truths(self) -> list[Any]:
        """Every answer and criterion as True, False or None (open); `rules.function.places` says which stands where.

        The first place of a programme is its answer, then come its criteria. What speaks of persons is a list, one a member.
        """
        return self.rules.function.truths(self._values)

    def said(self, programme: str, member: int | None = None) -> list[bool | None]:
        """The answer and then the criteria of a programme."""
        truths = self.truths
        found = [truths[place] for place in self.rules.function.places[programme]]
        return [truth[member] if isinstance(truth, list) and member is not None else truth for truth in found]

    def answer(self, programme: str, member: int | None = None) -> str:
        """entitled, not_entitled or unknown, without building reasons."""
        holds = self.said(programme, member)[0]
        return UNKNOWN if holds is None else ENTITLED if holds else NOT_ENTITLED

    def subjects(self, programme: Programme) -> list[int | None]:
        """Whom a programme is decided for: each member, or the household as one."""
        return list(range(len(self.household.members))) if programme.subject == PERSON else [None]

    @property
    def settled(self) -> bool:
        """No answer is open any more."""
        return not any(
            self.answer(name, member) == UNKNOWN
            for name, programme in self.rules.programmes.items()
            for member in self.subjects(programme)
        )

    @cached_property
    def results(self) -> list[Result]:
        """All results, in the catalogue's order, with the better of two exclusive programmes advised."""
        found = [
            self._result(name, programme, member)
            for name, programme in self.rules.programmes.items()
            for member in self.subjects(programme)
        ]
        return _advise(found)

    def result(self, programme: str, member: int | None = None) -> Result:
        """One result; `member` may be left out when there is only one member. Raises KeyError."""
        for result in self.results:
            if result.programme.id == programme and (
                result.member == member or member is None and not result.member
            ):
                return result
        raise KeyError(f"{programme}: not in force on {self.rules.day}, or no such member")

    def alone(self, programme: str, member: int | None = None) -> Result:
        """One result by itself: without asking whether another programme excludes it. Raises KeyError."""
        return self._result(programme, self.rules.programmes[programme], member)

    def _result(self, name: str, programme: Programme, member: int | None) -> Result:
        lowered = self.rules.plan.programmes[name]
        holds, *criteria = self.said(name, member)
        answer = UNKNOWN if holds is None else ENTITLED if holds else NOT_ENTITLED
        reasons = tuple(
            self._open_reason(name, criterion) if holds is None else (no, yes)[holds]
            for criterion, holds, (no, yes) in zip(
                programme.criteria, criteria, self.rules.decided_reasons[name], strict=True
            )
        )
        return Result(
            programme,
            member,
            answer,
            self._amount(lowered, programme, answer, member),
            reasons,
            self.truth(lowered.receives, member) if lowered.receives else None,
            near_miss=near_miss(self._oracle, reasons, member) if answer == NOT_ENTITLED else None,
        )

    def _amount(
        self, lowered: Lowered, programme: Programme, answer: str, member: int | None
    ) -> Amount | None:
        """What an entitled household gets, or what an undecided one could get at best."""
        if answer == NOT_ENTITLED:
            return None
        benefit = programme.amount
        if lowered.amount is None:
            return Amount(None, None, benefit.per, benefit.in_kind)
        low, high = self.value(lowered.amount.low, member), self.value(lowered.amount.high, member)
        return Amount(low, high, benefit.per, benefit.in_kind)

    def _open_reason(self, name: str, criterion: Criterion) -> Reason:
        reason = self._open_reasons.get((name, criterion.id))
        if reason is None:  # the same for every member
            facts = self.rules.criterion_facts[name, criterion.id]
            reason = Reason(criterion, None, tuple(sorted(facts & self._unknown)))
            self._open_reasons[name, criterion.id] = reason
        return reason

    @cached_property
    def _oracle(self) -> Oracle:
        return Oracle(self.rules, self.household)

    @cached_property
    def _unknown(self) -> frozenset[str]:
        """The facts nobody has said yet; see `unknown`."""
        known = set(self.household.household).union(set.intersection(*map(set, self.household.members)))
        return frozenset(self.rules.facts.keys() - known)

    def unknown(self, fact: str, member: int | None = None) -> bool:
        """Nobody has said it yet: for a fact of persons, of at least one member."""
        if self.rules.facts[fact].of == PERSON:
            return any(fact not in person for person in self.household.members)
        return fact not in self.household.household


def _advise(results: list[Result]) -> list[Result]:
    """Of mutually exclusive entitlements the combination that pays most is advised; beside each other one stands the reason.

    Three programmes in a row, the middle one excluding both others, are why pairs are not enough: who cannot take the middle
    one may take the two outer ones.
    """
    entitled = [i for i, result in enumerate(results) if result.answer == ENTITLED]
    rivals: dict[int, set[int]] = {}
    for i in entitled:
        for j in entitled:
            if results[j].programme.id in results[i].programme.excludes and _same_subject(
                results[i], results[j]
            ):
                rivals.setdefault(i, set()).add(j)
                rivals.setdefault(j, set()).add(i)
    worth = {i: _worth(results[i]) for i in rivals}
    taken = _best(rivals, worth)
    for i in rivals.keys() - taken:
        better = max(rivals[i] & taken, key=lambda j: (worth[j], -j))
        results[i] = replace(results[i], set_aside_for=results[better].programme.id)
    return results


def _same_subject(one: Result, other: Result) -> bool:
    """A household's programme concerns each member; two persons' programmes only exclude each other for one person."""
    return one.member is None or other.member is None or one.member == other.member


def _best(rivals: Rivals, worth: Mapping[int, int]) -> frozenset[int]:
    """The places to take so that no two are rivals and the most is paid; then the most programmes, then the earlier ones."""
    taken: frozenset[int] = frozenset()
    for group in groups(rivals):
        first = busiest(rivals, group)
        with_it = _best(without(rivals, group, rivals[first] | {first}), worth) | {first}
        other = _best(without(rivals, group, {first}), worth) if rivals[first] else frozenset()
        taken |= max(
            with_it,
            other,
            key=lambda places: (sum(worth[i] for i in places), len(places), -min(places, default=0)),
        )
    return taken


PER_YEAR = {"month": 12, "year": 1, "season": 1, "once": 1, "day": 365, "episode": 1}


def _worth(result: Result) -> int:
    """Surely paid won in a year, to compare two programmes; help in kind counts as nothing."""
    amount = result.amount
    return (amount.low or 0) * PER_YEAR[amount.per] if amount else 0
