"""What a row says that is not known yet: the one comparison that preview, application and review share."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.lists.models import ImportRow
from hub.people import queries as people
from hub.people.models import FactRecord, Household, Person
from hub.people.queries import Standing, standing
from hub.people.sources import RANK, Source
from welfare import Catalogue, Fact

SOURCE = Source.REGISTER  # an agency's list is a register kept by law


@dataclass(frozen=True)
class Difference:
    """What a row would add: the outcome, the facts to write by subject, and what stands about them now."""

    outcome: ImportRow.Outcome
    of_person: dict[str, Any]
    of_household: dict[str, Any]
    before: dict[str, Any]


def plain(value: object) -> Any:
    """A value as JSON keeps it: days as text."""
    return value.isoformat() if isinstance(value, date) else value


class Standings:
    """What stands about the residents of a block of rows. Two queries."""

    def __init__(
        self, persons: Iterable[Person], households: Iterable[Household], catalogue: Catalogue
    ) -> None:
        self.catalogue = catalogue
        self.records: dict[tuple[str, int], list[FactRecord]] = defaultdict(list)
        entries = people.entries([person.stands_id for person in persons])
        for record in FactRecord.objects.filter(person__in=entries).select_related("person"):
            self.add(record)
        for record in FactRecord.objects.filter(household__in=list(households)):
            self.add(record)

    def add(self, record: FactRecord) -> None:
        """Take a record into account."""
        about = ("person", record.person.stands_id) if record.person else ("household", record.household_id)
        self.records[about].append(record)  # type: ignore[index]  # one of the two is set, says the database

    def expect(self, about: Person | Household, values: Mapping[str, Any], day: date) -> None:
        """Take into account what is about to be written: the next row may speak of the same household."""
        subject = {"person": about} if isinstance(about, Person) else {"household": about}
        self.add(FactRecord(**subject, source=SOURCE, collected_on=day, values=dict(values)))

    def _of(self, subject: Person | Household | None, fact: Fact) -> Standing | None:
        if subject is None:
            return None
        kind = "person" if isinstance(subject, Person) else "household"
        number = subject.stands_id if isinstance(subject, Person) else subject.pk
        return standing(self.records.get((kind, number), ()), fact)

    def difference(
        self, says: Mapping[str, Any], person: Person | None, household: Household, day: date
    ) -> Difference:
        """How what a row says of `day` differs from what stands. A statement that a later one of equal rank outweighs is
        older and adds nothing; a fact of a person adds nothing where the row speaks of a household only."""
        add: dict[str, dict[str, Any]] = {"person": {}, "household": {}}
        before: dict[str, Any] = {}
        older = differs = False
        for name, value in says.items():
            fact = self.catalogue.facts.get(name)
            if fact is None or fact.of == "person" and person is None:
                continue
            stands = self._of(person if fact.of == "person" else household, fact)
            if stands is None:
                add[fact.of][name] = value
                continue
            now = stands.now
            weighs = RANK[now.source] >= RANK[SOURCE]
            if plain(now.value) == value and weighs:
                continue
            before[name] = plain(now.value)
            if weighs and now.collected_on > day:
                older = True
                continue
            add[fact.of][name] = value
            differs |= before[name] != value
        if differs:
            outcome = ImportRow.Outcome.CHANGED
        elif add["person"] or add["household"]:
            outcome = ImportRow.Outcome.NEW
        else:
            outcome = ImportRow.Outcome.OLDER if older else ImportRow.Outcome.SAME
        return Difference(outcome, add["person"], add["household"], before)
