"""What changes the register of residents and what is recorded about them, and the opening of a household.

Opening stands here and not among the queries because it is a deed: it passes the gate and leaves its mark in the audit
trail, or it does not happen.
"""

from collections.abc import Iterable, Mapping
from datetime import date

import pyarrow as pa
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hub.access.access import require, require_record_facts, require_see_household
from hub.access.actions import record
from hub.access.models import User
from hub.access.roles import Right
from hub.people import exchange, queries
from hub.people.models import FactRecord, Household, Person
from hub.people.sources import Source
from welfare import Catalogue


@transaction.atomic
def take_in_district(
    households: pa.Table,
    members: pa.Table,
    catalogue: Catalogue,
    *,
    source: Source = Source.INVENTED,
    collected_on: date | None = None,
    by: User | None = None,
) -> None:
    """Take a whole district in at once, into an empty register.

    `households`: household_id, area (dong code), and a column for each household fact. `members`: household_id,
    person_id, name, resident_number, couple, and a column for each fact of a person. Columns that are no fact of the
    catalogue are ignored; empty cells are unknown. `by` is None only when the hub itself does it, at installation.

    Raises ValidationError when the register is not empty or a row cannot be placed.
    """
    if Household.objects.exists():
        raise ValidationError(_("The register already holds households; a district is taken in only once."))
    collected_on = collected_on or timezone.localdate()
    recorded = (
        f"'{source.value}'",
        f"'{collected_on.isoformat()}'",
        f"'{timezone.now().isoformat()}'",
        _id_of(by),
    )
    columns = ("source", "collected_on", "recorded_at", "recorded_by_id", "values")
    of_household = [fact for fact in catalogue.facts.values() if fact.of == "household"]
    of_person = [fact for fact in catalogue.facts.values() if fact.of == "person"]

    with connection.cursor() as cursor:
        # It is empty as nobody lives here yet. Emptied in this transaction it need not be written to the server's log
        # as well, which halves the work; a transaction that fails simply drops it.
        cursor.execute("TRUNCATE people_factrecord")
    exchange.copy_in("people_household", ("id", "centre_id"), households, ("household_id", "area"))
    exchange.copy_in(
        "people_person",
        ("id", "household_id", "name", "resident_number", "couple"),
        members,
        ("person_id", "household_id", "name", "resident_number", "nullif(couple, 0)"),
    )
    exchange.copy_in(
        "people_factrecord",
        ("household_id", *columns),
        households,
        ("household_id", *recorded, exchange.json_of(of_household, households.column_names)),
    )
    exchange.copy_in(
        "people_factrecord",
        ("person_id", *columns),
        members,
        ("person_id", *recorded, exchange.json_of(of_person, members.column_names)),
    )
    record(
        by, "people.took_in_district", purpose=f"{households.num_rows} households, {members.num_rows} persons"
    )
    with connection.cursor() as cursor:
        # What the planner should know before the first page asks.
        cursor.execute("ANALYZE people_household, people_person, people_factrecord")


def _id_of(user: User | None) -> str:
    return "NULL" if user is None else str(user.pk)


@transaction.atomic
def record_facts(
    about: Household | Person,
    values: Mapping[str, object],
    catalogue: Catalogue,
    *,
    by: User,
    source: Source,
    collected_on: date | None = None,
    purpose: str = "",
) -> FactRecord:
    """Write down what a source said about a household or a person on a day, beside what was known before.

    `values` are plain values by fact name: bool, int, code or date (also as "YYYY-MM-DD"). Raises Refused outside the
    area of duty, ValidationError with a sentence for each value that does not fit the catalogue.
    """
    told = [(about, values)]
    (made,) = record_facts_of_many(
        told, catalogue, by=by, source=source, collected_on=collected_on, purpose=purpose
    )
    return made


@transaction.atomic
def record_facts_of_many(
    told: Iterable[tuple[Household | Person, Mapping[str, object]]],
    catalogue: Catalogue,
    *,
    by: User,
    source: Source,
    collected_on: date | None = None,
    purpose: str = "",
) -> list[FactRecord]:
    """`record_facts` for everybody a source speaks of at once: each with a gate and an entry in the trail of its own.

    All are written or, when one is refused or does not fit, none. Raises as `record_facts` does.
    """
    collected_on = collected_on or timezone.localdate()
    made = []
    for about, values in told:
        household = about if isinstance(about, Household) else about.household
        require_record_facts(by, household)
        made.append(
            FactRecord(
                household=about if isinstance(about, Household) else None,
                person=about if isinstance(about, Person) else None,
                source=source,
                collected_on=collected_on,
                recorded_by=by,
                values=_checked(
                    values, "household" if about is household else "person", catalogue, collected_on
                ),
            )
        )
        record(by, "people.recorded_facts", household, purpose)
    return FactRecord.objects.bulk_create(made)


@transaction.atomic
def take_back_facts(records: Iterable[FactRecord], *, by: User, purpose: str) -> None:
    """Remove records that should never have been made, such as those of a list that was imported by mistake.

    What other sources said before or since stays. Raises Refused outside the area of duty.
    """
    numbers = []
    for made in records:
        household = made.household or (made.person.household if made.person else None)
        assert household is not None  # a record is about one or the other; the database sees to it
        require_record_facts(by, household)
        record(by, "people.took_back_facts", household, purpose)
        numbers.append(made.pk)
    FactRecord.objects.filter(pk__in=numbers).delete()


def _checked(
    values: Mapping[str, object], of: str, catalogue: Catalogue, collected_on: date
) -> dict[str, object]:
    wrong: list[str] = []
    kept: dict[str, object] = {}
    if collected_on > timezone.localdate():
        wrong.append(_("The day of collection lies in the future."))
    if not values:
        wrong.append(_("Nothing was stated."))
    for name, value in values.items():
        fact = catalogue.facts.get(name)
        if fact is None or fact.of != of:
            wrong.append(_("%(fact)s is not a fact of the catalogue here.") % {"fact": name})
            continue
        try:
            fact.encode(value)
        except ValueError:
            wrong.append(_("%(fact)s: this value does not fit.") % {"fact": fact.label["ko"]})
            continue
        kept[name] = value.isoformat() if isinstance(value, date) else value
    if wrong:
        raise ValidationError(wrong)
    return kept


@transaction.atomic
def open_household(
    household_id: int, catalogue: Catalogue, *, by: User, purpose: str
) -> queries.KnownHousehold:
    """A household with its members and what is known about them, for a stated purpose; leaves its mark in the trail.

    Raises Refused outside the area of duty and Household.DoesNotExist for a number that is not there.

    """
    require(by, Right.SEE_HOUSEHOLDS)
    household = Household.objects.select_related("centre").get(pk=household_id)
    require_see_household(by, household)
    record(by, "people.opened", household, purpose)
    return queries.known(household, catalogue)


@transaction.atomic
def search(text: str, *, by: User) -> list[queries.Found]:
    """Find households by a member's name or by number, within the searcher's area of duty; leaves its mark.

    What was searched for is not written down: it may be a name.
    """
    require(by, Right.SEE_HOUSEHOLDS)
    found = queries.search(text, by)
    record(by, "people.searched", purpose=f"{len(found)} found")
    return found
