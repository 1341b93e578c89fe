"""One household as the desk, a file or a test describes it: plain values, where a missing value means unknown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from welfare.facts.fact import BUILT_IN, BY_HAND, COUPLE, COUPLE_MAX, HOUSEHOLD_SIZE_MAX, Fact


@dataclass(frozen=True)
class Household:
    """Facts of the household and of each member; a key that is absent or None is unknown.

    A member may carry `couple`: members with the same positive number are a couple (0 or absent: none).
    """

    facts: Mapping[str, object] = field(default_factory=dict)
    members: Sequence[Mapping[str, object]] = ()

    def encoded(self, facts: Mapping[str, Fact]) -> EncodedHousehold:
        """The household as integers, ready for evaluation.

        Raises ValueError naming the fact when a name is unknown, belongs to the other subject, or a value does not fit.
        """
        if not 1 <= len(self.members) <= HOUSEHOLD_SIZE_MAX:
            raise ValueError(f"a household has 1 to {HOUSEHOLD_SIZE_MAX} members, not {len(self.members)}")
        household = _encode(self.facts, facts, "household")
        members = [_encode(member, facts, "person") for member in self.members]
        couples = [member["couple"] for member in members if member["couple"]]
        for number in set(couples):
            if couples.count(number) != 2:
                raise ValueError(
                    f"couple: number {number} is given to {couples.count(number)} members, not 2"
                )
        return EncodedHousehold(household, members)


@dataclass(frozen=True)
class EncodedHousehold:
    """A household as integers and bools; unknown facts are absent."""

    household: dict[str, int | bool]
    members: list[dict[str, int | bool]]


def _encode(values: Mapping[str, object], facts: Mapping[str, Fact], of: str) -> dict[str, int | bool]:
    encoded: dict[str, int | bool] = {}
    if of == "person":
        couple = values.get(COUPLE) or 0
        if not isinstance(couple, int) or couple is True or not 0 <= couple <= COUPLE_MAX:
            raise ValueError(f"couple: {couple!r} is not a number from 0 to {COUPLE_MAX}")
        encoded[COUPLE] = couple
    for name, value in values.items():
        if value is None or name == COUPLE and of == "person":
            continue
        if name in BUILT_IN:
            why = "only a person can check it" if name == BY_HAND else "follows from the members and the day"
            raise ValueError(f"{name}: {why}, it is not given")
        fact = facts.get(name)
        if fact is None:
            raise ValueError(f"{name}: no such fact in the catalogue")
        if fact.of != of:
            raise ValueError(f"{name}: is a fact of the {fact.of}, not of the {of}")
        encoded[name] = fact.encode(value)
    return encoded
