"""What the household's page shows of each member, from all the stages that know something."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hub.people.identity import queries as identity
from hub.people.identity.models import IdentityNumber
from hub.people.models import Person
from hub.people.queries import Facts, KnownHousehold
from hub.privacy import queries as privacy


@dataclass(frozen=True)
class Member:
    """Somebody who lives here: how the page calls them, masked numbers, consents, what is recorded, and merged entries."""

    person: Person
    label: str
    numbers: list[IdentityNumber]
    consents: list[privacy.Standing]
    facts: Facts
    merged: tuple[Person, ...]


def members(known: KnownHousehold, labels: Sequence[str], day: date) -> list[Member]:
    """The members in the register's order; `labels` says how each is called. Four queries however many they are."""
    numbers = identity.of_persons(member.person for member in known.members)
    consents = privacy.standings_in(known.household, day)
    return [
        Member(
            member.person,
            label,
            numbers[member.person.pk],
            consents.get(member.person.pk, []),
            member.facts,
            member.merged,
        )
        for member, label in zip(known.members, labels, strict=True)
    ]
