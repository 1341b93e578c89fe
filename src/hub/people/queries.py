"""What is known about residents. Nothing here changes anything, and nothing here asks who is asking, except `search`.

Pages do not call `known` themselves: they open a household through `people.actions.open_household`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from django.db.models import QuerySet
from psycopg import sql

from hub.access.access import area_of_duty
from hub.access.models import User
from hub.access.roles import Right
from hub.people import exchange
from hub.people.models import FactRecord, Household, Person
from hub.people.sources import RANK, Source
from welfare import Catalogue, Fact
from welfare import Household as Described

SEARCH_LIMIT = 50


@dataclass(frozen=True)
class Statement:
    """What one source said about one fact: the value as the library takes it, where from, and when."""

    fact: Fact
    value: object
    source: Source
    collected_on: date
    record_id: int


@dataclass(frozen=True)
class Standing:
    """The statement in force about one fact, and the others beside it, each kept with its source and date.

    `why` says in one word why it stands: "only" statement, higher "rank" of its source, or the "latest" of equals.
    """

    now: Statement
    others: tuple[Statement, ...]
    why: str

    @property
    def disputed(self) -> bool:
        """Whether another source says something else."""
        return any(other.value != self.now.value for other in self.others)


@dataclass(frozen=True)
class KnownPerson:
    """A member and what is known about it, by fact name."""

    person: Person
    facts: dict[str, Standing]


@dataclass(frozen=True)
class KnownHousehold:
    """A household, its members in the register's order, and what is known about them, by fact name."""

    household: Household
    facts: dict[str, Standing]
    members: tuple[KnownPerson, ...]

    def described(self) -> Described:
        """The facts in force as the library takes them. A fact without a statement is unknown."""
        return Described(
            facts={name: standing.now.value for name, standing in self.facts.items()},
            members=[
                {"couple": member.person.couple or 0}
                | {name: standing.now.value for name, standing in member.facts.items()}
                for member in self.members
            ],
        )


@dataclass(frozen=True)
class Found:
    """One line of a search: who was found, in which household."""

    household_id: int
    dong: str
    person_id: int
    name: str
    resident_number: str


def known(household: Household, catalogue: Catalogue) -> KnownHousehold:
    """Everything recorded about a household and its members. Three queries."""
    persons = list(household.members.order_by("pk"))
    about_persons: dict[int, list[FactRecord]] = {person.pk: [] for person in persons}
    for record in FactRecord.objects.filter(person__in=persons):
        about_persons[record.person_id or 0].append(record)
    return KnownHousehold(
        household,
        standings(household.records.all(), catalogue),
        tuple(KnownPerson(person, standings(about_persons[person.pk], catalogue)) for person in persons),
    )


def standings(records: Iterable[FactRecord], catalogue: Catalogue) -> dict[str, Standing]:
    """Which statement stands for each fact, of all the records about one household or one person."""
    said: dict[str, list[Statement]] = {}
    for record in records:
        for name, value in record.values.items():
            fact = catalogue.facts.get(name)
            if fact is not None:  # a fact that has left the catalogue is kept but no longer speaks
                statement = Statement(
                    fact, _value(fact, value), Source(record.source), record.collected_on, record.pk
                )
                said.setdefault(name, []).append(statement)
    return {name: _standing(statements) for name, statements in said.items()}


def standing(records: Iterable[FactRecord], fact: Fact) -> Standing | None:
    """Which statement stands for one fact, of all the records about one household or person; None when none speaks of it.

    A record that is not saved yet counts as the latest.
    """
    said = [
        Statement(
            fact,
            _value(fact, record.values[fact.name]),
            Source(record.source),
            record.collected_on,
            record.pk or _LATEST,
        )
        for record in records
        if fact.name in record.values
    ]
    return _standing(said) if said else None


_LATEST = 2**63


def _value(fact: Fact, stored: object) -> object:
    return date.fromisoformat(str(stored)) if fact.type == "date" else stored


def _standing(statements: list[Statement]) -> Standing:
    ordered = sorted(
        statements, key=lambda said: (RANK[said.source], said.collected_on, said.record_id), reverse=True
    )
    now, *others = ordered
    if not others:
        why = "only"
    elif RANK[now.source] > RANK[others[0].source]:
        why = "rank"
    else:
        why = "latest"
    return Standing(now, tuple(others), why)


def in_duty(user: User) -> QuerySet[Household]:
    """The households this user may open."""
    dongs = area_of_duty(user, Right.SEE_HOUSEHOLDS)
    every = Household.objects.order_by("pk")
    return every if dongs is None else every.filter(centre__in=dongs)


def search(text: str, user: User) -> list[Found]:
    """Members whose name begins with this text, or the members of the household or the person of this number.

    Within the user's area of duty, at most SEARCH_LIMIT, by name. One letter is not searched for.
    """
    text = text.strip()
    dongs = area_of_duty(user, Right.SEE_HOUSEHOLDS)
    persons = Person.objects.order_by("name", "pk").select_related("household")
    if dongs is not None:
        persons = persons.filter(household__centre__in=dongs)
    if text.isdecimal() and text.isascii() and len(text) <= 18:
        number = int(text)
        persons = persons.filter(household=number) | persons.filter(pk=number)
    elif len(text) >= 2:
        persons = persons.filter(name__startswith=text)
    else:
        return []
    return [
        Found(person.household_id, person.household.dong, person.pk, person.name, person.resident_number)
        for person in persons[:SEARCH_LIMIT]
    ]


def tables_for_snapshot(
    catalogue: Catalogue, areas: Collection[str] | None = None
) -> tuple[pa.Table, pa.Table]:
    """The facts in force of every household and member as two Arrow tables, ordered by household and person.

    households: household_id (int64), area (string, dong code), a column for each household fact;
    members: household_id, person_id (int64), name, resident_number (string), couple (int64, 0 for none), a column for
    each fact of a person. Null is unknown. `areas` keeps to some dongs.
    """
    where: sql.Composable = sql.SQL("TRUE")
    if areas is not None:
        where = sql.SQL("household.centre_id = ANY({})").format(sql.Literal(sorted(areas)))
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
        _HOUSEHOLD_LINES.format(where=where, in_force=_in_force("household_id"), object=_OBJECT),
        pa.schema(about_household + facts["household"]),
    )
    members = exchange.copy_out(
        _MEMBER_LINES.format(where=where, in_force=_in_force("person_id"), object=_OBJECT),
        pa.schema(about_member + facts["person"]),
    )
    # Arrow sorts numbers; PostgreSQL would have to sort the whole lines.
    return households.sort_by("household_id"), members.sort_by(
        [("household_id", "ascending"), ("person_id", "ascending")]
    )


def _in_force(column: str) -> sql.Composable:
    """SQL for (about, facts): what stands for each subject, by the same order as `_standing`.

    Most subjects have one record, which stands as it is; only where there are several are facts taken apart.
    """
    ranks = sql.SQL(" ").join(
        sql.SQL("WHEN {} THEN {}").format(sql.Literal(source.value), sql.Literal(rank))
        for source, rank in RANK.items()
    )
    return sql.SQL(_IN_FORCE).format(about=sql.Identifier(column), ranks=ranks)


# `several` comes first and is small, so the wide rows are read once and not once more for each comparison.
_IN_FORCE = """
    WITH several AS MATERIALIZED (
        SELECT {about} AS about FROM people_factrecord WHERE {about} IS NOT NULL
        GROUP BY {about} HAVING count(*) > 1
    )
    SELECT record.{about} AS about, record.values AS facts
    FROM people_factrecord AS record
    WHERE record.{about} IS NOT NULL AND record.{about} NOT IN (SELECT about FROM several)
    UNION ALL
    SELECT about, json_object_agg(name, value)
    FROM (
        SELECT DISTINCT ON (record.{about}, said.key) record.{about} AS about, said.key AS name, said.value
        FROM several
        JOIN people_factrecord AS record ON record.{about} = several.about
        CROSS JOIN LATERAL json_each(record.values) AS said
        ORDER BY record.{about}, said.key, CASE record.source {ranks} END DESC,
            record.collected_on DESC, record.id DESC
    ) AS standing
    GROUP BY about
"""

# One JSON line for each household and member: what the register says of it, then its facts in force. The object is
# opened here by hand and closed by the stored one, which spares PostgreSQL from building it anew.
_OBJECT = sql.SQL(
    "CASE WHEN known.facts IS NULL OR length(known.facts::text) < 4 THEN '}'"
    " ELSE ',' || substr(ltrim(known.facts::text), 2) END"
)
_HOUSEHOLD_LINES = sql.SQL("""
    SELECT '{{"household_id":' || household.id || ',"area":"' || household.centre_id || '"' || {object}
    FROM people_household AS household
    LEFT JOIN ({in_force}) AS known ON known.about = household.id
    WHERE {where}
""")
_MEMBER_LINES = sql.SQL("""
    SELECT '{{"household_id":' || household.id || ',"person_id":' || person.id
        || ',"name":' || to_json(person.name) || ',"resident_number":' || to_json(person.resident_number)
        || ',"couple":' || coalesce(person.couple, 0) || {object}
    FROM people_person AS person
    JOIN people_household AS household ON household.id = person.household_id
    LEFT JOIN ({in_force}) AS known ON known.about = person.id
    WHERE {where}
""")
