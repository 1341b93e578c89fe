"""What is known about residents. Nothing here changes anything, and nothing here asks who is asking, except `search`.

Pages do not call `known` themselves: they open a household through `people.actions.open_household`.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import NamedTuple

import pyarrow as pa
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import ngettext
from psycopg import sql

from hub.access.access import area_of_duty
from hub.access.models import User
from hub.access.roles import Right
from hub.people import exchange
from hub.people.access import in_area, may_see_household
from hub.people.models import Address, FactRecord, Household, LifeEvent, Note, Opening, Person, Relation, Seal
from hub.people.search import MOST, Wanted, wanted
from hub.people.sources import RANK, Source
from welfare import Catalogue, Fact
from welfare import Household as Described

# Of a row about a person: the number of the one who stands for that person.
RESIDENT = Coalesce("person__same_as", "person")


class Statement(NamedTuple):
    """What one source said about one fact: the value as the library takes it, where from, and when.

    Without a value `said` tells why: "unknown" (nobody could tell), "refused" or "none" (there is no such thing). An amount
    or count of which there is none has the value 0 and `said` "none".
    """

    fact: Fact
    value: object
    source: Source
    collected_on: date
    record_id: int
    said: str = ""
    expires_on: date | None = None
    recorded_by: str = ""

    @property
    def rank(self) -> tuple[int, date, int]:
        """What decides which statement stands: the source's rank, then the day, then the order of recording."""
        return RANK[self.source], self.collected_on, self.record_id


class Standing(NamedTuple):
    """The statement in force about one fact, and the others beside it, each kept with its source and date.

    `why` says in one word why it stands: "only" statement, higher "rank" of its source, or the "latest" of equals. "Nobody
    could tell" and "refused" never push a value aside; where nothing else was said they are in force, as "gap". What has
    expired is past and not in force; with nothing else left, `why` is "expired" and the value unknown.
    """

    now: Statement
    others: tuple[Statement, ...]
    why: str

    @property
    def value(self) -> object:
        """The value in force; None when there is none."""
        return None if self.why in ("gap", "expired") else self.now.value

    @property
    def disputed(self) -> bool:
        """Whether another source says something else."""
        return any(other.value != self.now.value for other in self.others)


class Facts(Mapping[str, Standing]):
    """What stands on a day (today) for each fact of one household or person, by fact name.

    A page shows a thousand facts only to who unfolds them, so statements are weighed when somebody looks at one. What the
    law is asked with, and how much was recorded when, can be said without that.
    """

    def __init__(self, records: Iterable[FactRecord], catalogue: Catalogue, on: date | None = None) -> None:
        self._records = list(records)
        self._catalogue = catalogue
        self._on = on or timezone.localdate()

    @cached_property
    def _standings(self) -> dict[str, Standing]:
        return standings(self._records, self._catalogue, self._on)

    def _told(self, record: FactRecord) -> set[str]:
        """The facts a record speaks of. One that has left the catalogue is kept but no longer speaks."""
        return self._catalogue.facts.keys() & (record.values.keys() | (record.gaps or {}).keys())

    def __getitem__(self, name: str) -> Standing:
        return self._standings[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._standings)

    def __len__(self) -> int:
        return len(set().union(*map(self._told, self._records)))

    @property
    def in_force(self) -> dict[str, object]:
        """The values that stand, as the library takes them; what is unknown is not there."""
        if len(self._records) == 1 and not self._records[0].gaps:  # nothing is to be weighed
            [record] = self._records
            if record.expires_on is not None and record.expires_on < self._on:
                return {}
            facts = self._catalogue.facts
            return {
                name: _value(facts[name], value)
                for name, value in record.values.items()
                if value is not None and name in facts
            }
        return {
            name: standing.value for name, standing in self._standings.items() if standing.value is not None
        }

    @property
    def recorded(self) -> Counter[tuple[date, Source, str]]:
        """How many statements there are of each day, source and name of who recorded them."""
        found: Counter[tuple[date, Source, str]] = Counter()
        for record in self._records:
            by = record.recorded_by.name if record.recorded_by else ""
            if number := len(self._told(record)):
                found[record.collected_on, Source(record.source), by] += number
        return found


@dataclass(frozen=True)
class KnownPerson:
    """A member and what is known about it; `merged` are the rows of the register that stepped back for it."""

    person: Person
    facts: Facts
    merged: tuple[Person, ...] = ()


@dataclass(frozen=True)
class KnownHousehold:
    """A household, its members in the register's order, and what is known about them; those who have left it, and the opening
    through which somebody sees all this.
    """

    household: Household
    facts: Facts
    members: tuple[KnownPerson, ...]
    left: tuple[Person, ...] = ()
    opening: Opening | None = None

    def described(self) -> Described:
        """The facts in force as the library takes them. A fact without a statement is unknown."""
        return Described(
            facts=self.facts.in_force,
            members=[
                {"couple": member.person.couple or 0} | member.facts.in_force for member in self.members
            ],
        )


@dataclass(frozen=True)
class Found:
    """One line of a search: who was found, in which household of which centre."""

    household_id: int
    dong: str  # ten-digit code
    person_id: int
    name: str
    resident_number: str
    address: str = ""  # or the centre's name, where none is known
    also: str = ""  # other names, of rows that stepped back for this one


def entries(stands: Iterable[int]) -> QuerySet[Person]:
    """The rows of the register that speak of these residents: the ones that stand, and those that stepped back for them."""
    numbers = list(stands)
    return Person.objects.filter(Q(pk__in=numbers) | Q(same_as__in=numbers))


def known(household: Household, catalogue: Catalogue, on: date | None = None) -> KnownHousehold:
    """Everything recorded about a household and those who live in it, as it stands on a day (today). Three queries."""
    rows = list(household.members.order_by("pk"))
    persons = [row for row in rows if row.left_on is None]
    if not any(row.merged_from_id for row in rows):
        household.emptied = []  # nothing is left to be asked
    about_persons: dict[int, list[FactRecord]] = {person.pk: [] for person in persons}
    stands = {row.pk: row.stands_id for row in rows if row.stands_id in about_persons}
    for record in FactRecord.objects.filter(person__in=stands).select_related("recorded_by"):
        about_persons[stands[record.person_id or 0]].append(record)
    return KnownHousehold(
        household,
        Facts(household.records.select_related("recorded_by"), catalogue, on),
        tuple(
            KnownPerson(
                person,
                Facts(about_persons[person.pk], catalogue, on),
                tuple(row for row in rows if row.same_as_id == person.pk),
            )
            for person in persons
        ),
        tuple(
            sorted(
                (row for row in rows if row.left_on is not None and row.same_as_id is None),
                key=lambda row: row.left_on or date.max,
            )
        ),
    )


def standings(
    records: Iterable[FactRecord], catalogue: Catalogue, on: date | None = None
) -> dict[str, Standing]:
    """Which statement stands for each fact on a day (today), of all records about one household or one person."""
    on = on or timezone.localdate()
    said: dict[str, list[Statement]] = {}
    for record in records:
        values, gaps, source = record.values, record.gaps or {}, Source(record.source)
        by = record.recorded_by.name if record.recorded_by else ""
        for name in {**values, **gaps} if gaps else values:
            fact = catalogue.facts.get(name)
            if fact is not None:  # a fact that has left the catalogue is kept but no longer speaks
                statement = Statement(
                    fact,
                    _value(fact, values.get(name)),
                    source,
                    record.collected_on,
                    record.pk,
                    gaps.get(name, ""),
                    record.expires_on,
                    by,
                )
                said.setdefault(name, []).append(statement)
    return {name: _standing(statements, on) for name, statements in said.items()}


def standing(records: Iterable[FactRecord], fact: Fact) -> Standing | None:
    """Which statement stands for one fact, of all the records about one household or person; None when none speaks of it.

    A record that is not saved yet counts as the latest.
    """
    said = [
        Statement(
            fact,
            _value(fact, record.values.get(fact.name)),
            Source(record.source),
            record.collected_on,
            record.pk or _LATEST,
            (record.gaps or {}).get(fact.name, ""),
            record.expires_on,
        )
        for record in records
        if fact.name in record.values or fact.name in (record.gaps or {})
    ]
    return _standing(said, timezone.localdate()) if said else None


_LATEST = 2**63
_NOT_TOLD = ("unknown", "refused")


def _value(fact: Fact, stored: object) -> object:
    return date.fromisoformat(str(stored)) if fact.type == "date" and stored is not None else stored


def _standing(statements: list[Statement], on: date) -> Standing:
    if len(statements) == 1:  # nearly all of the thousand facts on a page: nothing is to be weighed
        [now] = statements
        if now.expires_on is not None and now.expires_on < on:
            return Standing(now, (), "expired")
        return Standing(now, (), "gap" if now.said in _NOT_TOLD else "only")
    ordered = sorted(statements, key=lambda said: said.rank, reverse=True)
    valid = [said for said in ordered if said.expires_on is None or said.expires_on >= on]
    telling = [said for said in valid if said.said not in _NOT_TOLD]
    now = next(iter(telling or valid or ordered))
    others = tuple(said for said in ordered if said is not now)
    if not valid:
        why = "expired"
    elif not telling:
        why = "gap"
    elif len(telling) == 1:
        why = "only"
    elif RANK[now.source] > RANK[telling[1].source]:
        why = "rank"
    else:
        why = "latest"
    return Standing(now, others, why)


def in_duty(user: User) -> QuerySet[Household]:
    """The households this user may open."""
    return Household.objects.filter(in_area(area_of_duty(user, Right.SEE_HOUSEHOLDS))).order_by("pk")


def search(text: str, user: User) -> list[Found]:
    """Residents in whose words or address the text is found, as `people.search` reads it; at most MOST, by name.

    Within the user's area of duty: the function in the database looks no further, and what it finds passes the wall again.
    """
    asked = wanted(text)
    if asked is None:
        return []
    persons = list(
        Person.objects.filter(pk__in=_found_by_words(asked), left_on=None)
        .select_related("household__centre")
        .order_by("name", "pk")
    )
    if asked.number is not None:
        # A number of before a merging, of the person or of the household, still leads to the one that stands.
        numbered = Q(household=asked.number) | Q(pk=asked.number)
        back = Person.objects.filter(Q(merged_from=asked.number) | Q(pk=asked.number), same_as__isnull=False)
        numbered |= Q(pk__in=list(back.values_list("same_as", flat=True)))
        persons = [
            *Person.objects.filter(numbered, left_on=None).select_related("household__centre").order_by("pk"),
            *persons,
        ]
    also: dict[int, list[str]] = {}
    for row in Person.objects.filter(same_as__in=persons):
        also.setdefault(row.same_as_id or 0, []).append(row.name)
    address_of = {
        address.household_id: address.text
        for address in Address.objects.filter(
            household__in={person.household_id for person in persons}, until=None
        ).order_by("kind")
    }
    return [
        Found(
            person.household_id,
            person.household.dong,
            person.pk,
            person.name,
            person.resident_number,
            address_of.get(person.household_id, str(person.household.centre)),
            ", ".join(
                dict.fromkeys(name for name in also.get(person.pk, ()) if name not in ("", person.name))
            ),
        )
        for person in persons[:MOST]
        if may_see_household(user, person.household)
    ]


def _found_by_words(asked: Wanted) -> list[int]:
    found: dict[int, None] = {}
    with connection.cursor() as cursor:
        for place, way in enumerate(asked.ways):
            words = (*way, "%", "%")[:3]
            address = "" if place else asked.address
            cursor.execute("SELECT * FROM people_find(%s, %s, %s, %s, %s)", [*words, address, MOST])
            found |= dict.fromkeys(number for (number,) in cursor.fetchall())
    return list(found)


@dataclass(frozen=True)
class Happening:
    """One line of a household's timeline: a day, what kind of thing, its words, and who wrote it down."""

    on: date
    kind: str  # a kind of LifeEvent or Note, "recorded" or "opened"
    label: str
    text: str
    by: str = ""


def addresses(household: Household) -> list[Address]:
    """The addresses of now, the registered one first."""
    return sorted(household.addresses.filter(until=None), key=lambda one: one.kind != Address.Kind.REGISTERED)


def relations(household: Household) -> list[Relation]:
    """Relatives elsewhere of those who live here."""
    of_members = Q(person__left_on=None) | Q(person__same_as__left_on=None)
    found = Relation.objects.filter(of_members, person__household=household, ended_on=None)
    return list(found.select_related("person__same_as").order_by("person", "kind", "pk"))


def notes(household: Household) -> QuerySet[Note]:
    """What was written about a household, and about one that nobody lives in any more since its members were found to be those
    of this one; the newest first.
    """
    return Note.objects.filter(household__in=[household.pk, *household.emptied]).order_by("-pk")


def promises(written: Iterable[Note]) -> list[Note]:
    """Of what was written, what was promised and is not kept yet, the most urgent first."""
    kept_open = [note for note in written if note.kind == Note.Kind.PROMISE and note.settled_on is None]
    return sorted(kept_open, key=lambda note: (note.due_on or date.max, note.pk))


def warnings(written: Iterable[Note]) -> list[Note]:
    """Of what was written, what whoever goes there must know."""
    standing = [note for note in written if note.kind == Note.Kind.WARNING and note.settled_on is None]
    return sorted(standing, key=lambda note: note.pk)


def current_opening(household: Household, user: User) -> Opening | None:
    """The purpose this user stated for this household and that still holds."""
    found = household.openings.filter(user=user, until__gt=timezone.now(), verdict="")
    return found.order_by("-pk").first()


def seal_of(household: Household) -> Seal | None:
    """The seal it lies under, if any."""
    return household.seals.filter(lifted_at=None).prefetch_related("allowed").first()


def emergencies() -> list[Opening]:
    """Emergency openings nobody has reviewed yet, the oldest first."""
    found = Opening.objects.filter(emergency=True, reviewed_at=None).select_related("user")
    return list(found.order_by("opened_at"))


def timeline(known: KnownHousehold, written: Iterable[Note], most: int = 60) -> list[Happening]:
    """What befell the household, what was recorded and noted about it, the newest first.

    What befell a row that stepped back for a member is told here too, so far as it happened within sight.
    """
    here = Q(household=known.household)
    back = [row for member in known.members for row in member.merged]
    events = LifeEvent.objects.filter(here | Q(person__in=back) if back else here)
    happenings = [
        Happening(
            event.happened_on,
            event.kind,
            str(LifeEvent.Kind(event.kind).label),
            " · ".join(part for part in (event.person.name if event.person else "", event.before) if part),
            event.recorded_by.name if event.recorded_by else "",
        )
        for event in events.select_related("person", "recorded_by").order_by("-pk")[:most]
    ]
    happenings += [
        Happening(
            timezone.localdate(note.written_at),
            note.kind,
            str(Note.Kind(note.kind).label),
            note.text,
            note.written_by.name,
        )
        for note in written
    ]
    recorded = known.facts.recorded
    for member in known.members:
        recorded += member.facts.recorded
    if known.left:
        of_others = FactRecord.objects.filter(person__in=known.left).select_related("recorded_by")
        for record in of_others.order_by("-pk")[:most]:
            who = record.recorded_by.name if record.recorded_by else ""
            recorded[record.collected_on, Source(record.source), who] += len(record.values)
    happenings += [
        Happening(on, "recorded", str(source.label), ngettext("%d fact", "%d facts", number) % number, who)
        for (on, source, who), number in recorded.items()
    ]
    return sorted(happenings, key=lambda one: one.on, reverse=True)[:most]


def tables_for_snapshot(
    catalogue: Catalogue,
    areas: Collection[str] | None = None,
    on: date | None = None,
    rest: Callable[[], None] = lambda: None,
) -> tuple[pa.Table, pa.Table]:
    """The facts in force of every household and member as two Arrow tables, ordered by household and person.

    households: household_id (int64), area (string, dong code), a column for each household fact;
    members: household_id, person_id (int64), name, resident_number (string), couple (int64, 0 for none), a column for
    each fact of a person. Null is unknown. `areas` keeps to some dongs; `on` is the day on which facts must hold (today).
    Who left and what was dissolved is not there. `rest` is called between two pieces of the work.
    """
    on = on or timezone.localdate()
    where: sql.Composable = sql.SQL("household.dissolved_on IS NULL")
    if areas is not None:
        where += sql.SQL(" AND household.centre_id = ANY({})").format(sql.Literal(sorted(areas)))
    facts = {
        of: [(fact.name, exchange.arrow_type(fact)) for fact in catalogue.facts.values() if fact.of == of]
        for of in ("household", "person")
    }
    about_household = [("household_id", pa.int64()), ("area", pa.string())]
    about_member = [
        ("household_id", pa.int64()),
        ("person_id", pa.int64()),
        ("name", pa.string()),
        ("resident_number", pa.string()),
        ("couple", pa.int64()),
    ]
    households = exchange.copy_out(
        _HOUSEHOLD_LINES.format(where=where, in_force=_in_force("household_id", on)),
        pa.schema(about_household),
        pa.schema(facts["household"]),
        rest,
    )
    members = exchange.copy_out(
        _MEMBER_LINES.format(where=where, in_force=_in_force("person_id", on)),
        pa.schema(about_member),
        pa.schema(facts["person"]),
        rest,
    )
    # Arrow sorts numbers; PostgreSQL would have to sort the whole lines.
    return households.sort_by("household_id"), members.sort_by(
        [("household_id", "ascending"), ("person_id", "ascending")]
    )


def _in_force(column: str, on: date) -> sql.Composable:
    """SQL for (about, facts): what stands for each subject, by the same order as `_standing`.

    Most subjects have one record, which stands as it is; only where there are several are facts taken apart.
    """
    ranks = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(source.value), sql.Literal(rank))
        for source, rank in RANK.items()
    )
    person = column == "person_id"
    return sql.SQL(_IN_FORCE).format(
        column=sql.Identifier("record", column),
        about=sql.SQL("coalesce(back.same_as_id, record.person_id)" if person else "record.household_id"),
        merged=sql.SQL(_MERGED if person else ""),
        rows=sql.SQL(_ROWS if person else ""),
        ranks=ranks,
        on=sql.Literal(on.isoformat()),
    )


# What was recorded about a row that stepped back counts for the one that stands. Few did, so these join next to nothing.
_MERGED = " LEFT JOIN people_person AS back ON back.id = record.person_id AND back.same_as_id IS NOT NULL"
_ROWS = """
        UNION ALL
        SELECT back.id, about FROM several JOIN people_person AS back ON back.same_as_id = several.about"""
# `several` comes first and is small, so the wide rows are read once and not once more for each comparison.
_IN_FORCE = """
    WITH several AS MATERIALIZED (
        SELECT {about} AS about FROM people_factrecord AS record{merged} WHERE {column} IS NOT NULL
        GROUP BY {about} HAVING count(*) > 1
    ), of_several AS (
        SELECT about AS number, about FROM several{rows}
    )
    SELECT {about} AS about, record.values AS facts
    FROM people_factrecord AS record{merged}
    WHERE {column} IS NOT NULL AND {about} NOT IN (SELECT about FROM several)
        AND (record.expires_on IS NULL OR record.expires_on >= {on})
    UNION ALL
    SELECT about, json_object_agg(name, value)
    FROM (
        SELECT DISTINCT ON (about, said.key) about, said.key AS name, said.value
        FROM of_several
        JOIN people_factrecord AS record ON {column} = of_several.number
        CROSS JOIN LATERAL json_each(record.values) AS said
        WHERE record.expires_on IS NULL OR record.expires_on >= {on}
        ORDER BY about, said.key, CASE record.source {ranks} END DESC,
            record.collected_on DESC, record.id DESC
    ) AS standing
    GROUP BY about
"""

# One JSON object for each household and member: what the register says of it, and its facts in force. It is put together by hand and
# the stored object goes in as it is, copied once, which spares PostgreSQL from building it anew.
_HOUSEHOLD_LINES = sql.SQL("""
    SELECT concat('{{"household_id":', household.id, ',"area":"', household.centre_id, '","facts":',
        coalesce(known.facts, '{{}}'), '}}')
    FROM people_household AS household
    LEFT JOIN ({in_force}) AS known ON known.about = household.id
    WHERE {where}
""")
_MEMBER_LINES = sql.SQL("""
    SELECT concat('{{"household_id":', household.id, ',"person_id":', person.id,
        ',"name":', to_json(person.name), ',"resident_number":', to_json(person.resident_number),
        ',"couple":', coalesce(person.couple, 0), ',"facts":', coalesce(known.facts, '{{}}'), '}}')
    FROM people_person AS person
    JOIN people_household AS household ON household.id = person.household_id
    LEFT JOIN ({in_force}) AS known ON known.about = person.id
    WHERE {where} AND person.left_on IS NULL
""")
