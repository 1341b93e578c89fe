"""Changes of the register of residents: a whole district at once, and what befalls households one by one.

Every change leaves a line in the household's history (LifeEvent) and is never made by writing over what was there.
"""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import date, timedelta
from functools import partial

import pyarrow as pa
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, connection, connections, transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from hub import owning, walls
from hub.access.access import require
from hub.access.actions import record
from hub.access.models import User
from hub.access.roles import Right
from hub.organisation.models import Centre
from hub.people import exchange, search
from hub.people.access import require_about, require_record
from hub.people.models import Address, FactRecord, Household, LifeEvent, Person, Relation
from hub.people.sources import Source
from hub.people.zones import placing
from welfare import Catalogue
from welfare.hangul import letters


def take_in_district(
    households: pa.Table,
    members: pa.Table,
    catalogue: Catalogue,
    *,
    source: Source = Source.INVENTED,
    collected_on: date | None = None,
    by: User | None = None,
    as_owner: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Take a whole district in at once, into an empty register.

    `households`: household_id, area (dong code), address (may be missing), and a column for each household fact.
    `members`: household_id, person_id, name, resident_number, phone (may be missing), couple, and a column for each
    fact of a person. Columns that are no fact of the catalogue are ignored; empty cells are unknown. `by` is None only when
    the hub itself does it, at installation; `as_owner` is for then, too: the owner of the database may put the wall aside for the
    time of one transaction, which makes it several times as fast. `progress` hears how much of all is done.

    Raises ValidationError when the register is not empty or a row cannot be placed.
    """
    using = owning.OWNER if as_owner else DEFAULT_DB_ALIAS
    walled = ("people_household", "people_address", "people_person", "people_factrecord")
    with walls.everywhere(), transaction.atomic(using=using):
        with owning.unwalled(walled) if as_owner else nullcontext():
            day = collected_on or timezone.localdate()
            _take_in(households, members, catalogue, source, day, by, using, progress)
        placing.place_all(households["area"].unique().to_pylist(), using=using)
    record(
        by, "people.took_in_district", purpose=f"{households.num_rows} households, {members.num_rows} persons"
    )
    with connection.cursor() as cursor:
        # What the planner should know before the first page asks.
        cursor.execute(f"ANALYZE {', '.join(walled)}")
    progress(1, 1)


def _take_in(
    households: pa.Table,
    members: pa.Table,
    catalogue: Catalogue,
    source: Source,
    collected_on: date,
    by: User | None,
    using: str,
    progress: Callable[[int, int], None],
) -> None:
    if Household.objects.using(using).exists():
        raise ValidationError(_("The register already holds households; a district is taken in only once."))
    if using == owning.OWNER:
        # It is empty as nobody lives here yet. Emptied in this transaction it need not be written to the server's log as well,
        # which halves the work; a transaction that fails simply drops it.
        with connections[using].cursor() as cursor:
            cursor.execute("TRUNCATE people_factrecord")
    total, done = 3 * households.num_rows + 2 * members.num_rows, 0

    def told(rows: int) -> None:
        nonlocal done
        done += rows
        progress(min(done, total - 1), total)  # what is left are the indexes

    copy_in = partial(exchange.copy_in, using=using, told=told)
    recorded = (
        f"'{source.value}'",
        f"'{collected_on.isoformat()}'",
        f"'{timezone.now().isoformat()}'",
        _id_of(by),
    )
    columns = ("source", "collected_on", "recorded_at", "recorded_by_id", "values")
    of_household = [fact for fact in catalogue.facts.values() if fact.of == "household"]
    of_person = [fact for fact in catalogue.facts.values() if fact.of == "person"]

    copy_in("people_household", ("id", "centre_id"), households, ("household_id", "area"))
    if "address" in households.column_names:
        households = _with_words(households, "address", letters)
        copy_in(
            "people_address",
            ("household_id", "kind", "text", "terms", "source", "recorded_by_id"),
            households,
            ("household_id", "'registered'", "address", "address_words", f"'{source.value}'", _id_of(by)),
        )
    members = _with_words(members, "name", search.name_words)
    copy_in(
        "people_person",
        ("id", "household_id", "name", "resident_number", "phone", "couple", "terms"),
        members,
        (
            "person_id",
            "household_id",
            "name",
            # Kept masked: six digits of birth and the first of the rest.
            "CASE WHEN length(resident_number) = 14 THEN left(resident_number, 8) || '******' ELSE resident_number END",
            _cell("phone", members),
            "nullif(couple, 0)",
            _terms(members),
        ),
    )
    copy_in(
        "people_factrecord",
        ("household_id", *columns),
        households,
        ("household_id", *recorded, exchange.json_of(of_household, households.column_names)),
    )
    copy_in(
        "people_factrecord",
        ("person_id", *columns),
        members,
        ("person_id", *recorded, exchange.json_of(of_person, members.column_names)),
    )


def _id_of(user: User | None) -> str:
    return "NULL" if user is None else str(user.pk)


def _with_words(table: pa.Table, column: str, words: Callable[[str], str]) -> pa.Table:
    """The table with `<column>_words`; each different text is worked out once."""
    texts = table[column].combine_chunks().dictionary_encode()
    made = pa.array([words(text) for text in texts.dictionary.to_pylist()], pa.string())
    return table.append_column(f"{column}_words", made.take(texts.indices))


def _cell(column: str, table: pa.Table) -> str:
    """A DuckDB expression for a text column that may be missing."""
    return f"coalesce({column}, '')" if column in table.column_names else "''"


def _terms(members: pa.Table) -> str:
    """A DuckDB expression for what `search.terms` makes of each person."""
    parts = ["name_words"]
    if "birth_date" in members.column_names:
        parts += ["strftime(birth_date, '%y%m%d')", "strftime(birth_date, '%Y%m%d')"]
    if "phone" in members.column_names:
        digits = "nullif(regexp_replace(phone, '[^0-9]', '', 'g'), '')"
        parts += [digits, f"right({digits}, 4)"]
    return f"' ' || concat_ws(' ', {', '.join(parts)}) || ' '"


# -- what befalls a household ------------------------------------------------------------------------------------


def _may_keep(by: User, household: Household) -> None:
    require_about(by, Right.KEEP_REGISTER, household)


@transaction.atomic
def register_household(
    number: int, centre: Centre, *, by: User, address: str = "", on: date | None = None
) -> Household:
    """A household that moves in or is formed, still without members. Raises Refused, or ValidationError for a number in use."""
    require(by, Right.KEEP_REGISTER, centre.code)
    with walls.everywhere():  # a number may be in use beyond one's sight
        if Household.objects.filter(pk=number).exists():
            raise ValidationError(_("There is a household with this number already."))
    household = Household.objects.create(pk=number, centre=centre)
    if address:
        _put_address(household, Address.Kind.REGISTERED, address, by=by, source=Source.REGISTER, on=on)
    record(by, "people.registered_household", household)
    return household


@transaction.atomic
def register_person(
    household: Household,
    name: str,
    *,
    by: User,
    event: LifeEvent.Kind,
    on: date,
    birth_date: date | None = None,
    resident_number: str = "",
    phone: str = "",
    number: int | None = None,
    source: Source = Source.REGISTER,
) -> Person:
    """Somebody born into a household or moving in from outside the district; `event` is BIRTH or MOVED_IN.

    `resident_number` is masked. Raises Refused or ValidationError.
    """
    _may_keep(by, household)
    _past(on)
    name = name.strip()
    if not name:
        raise ValidationError(_("A person needs a name."))
    with walls.everywhere():
        taken = Person.objects.aggregate(most=Max("pk"))["most"] or 0
    person = Person.objects.create(
        pk=number or taken + 1,
        household=household,
        name=name,
        resident_number=resident_number,
        phone=phone,
        terms=search.terms(name, birth_date, phone),
    )
    if birth_date is not None:
        FactRecord.objects.create(
            person=person,
            source=source,
            collected_on=on,
            recorded_by=by,
            values={"birth_date": birth_date.isoformat()},
        )
    add_event(household, event, on, by=by, person=person, source=source)
    record(by, "people.registered_person", person, event)
    return person


@transaction.atomic
def register_leaving(
    person: Person, *, by: User, how: Person.Left, on: date, source: Source = Source.REGISTER
) -> None:
    """Somebody died or moved out of the district. The household is dissolved with its last member."""
    household = person.household
    _may_keep(by, household)
    _past(on)
    if person.left_on is not None:
        raise ValidationError(_("This person has left already."))
    _part_couple(person)
    person.left_on, person.left_by = on, how
    person.save(update_fields=["left_on", "left_by"])
    add_event(household, LifeEvent.Kind(how.value), on, by=by, person=person, source=source)
    dissolve_if_empty(household, on)
    record(by, "people.registered_leaving", person, how)


@transaction.atomic
def move(
    person: Person,
    to: Household,
    *,
    by: User,
    on: date,
    split: bool = False,
    source: Source = Source.REGISTER,
) -> None:
    """Somebody moves to another household of the register; `split`: to one formed for the purpose.

    Both histories get their line, and what is recorded about the person goes along. Needs the right in both dongs, or in the one
    moved to when the other is out of sight.
    """
    origin = person.household
    _may_keep(by, to)
    _past(on)
    if person.same_as_id is not None:
        raise ValidationError(
            _("This entry goes with person %(number)d, who stands for it.") % {"number": person.same_as_id}
        )
    if origin.pk == to.pk:
        raise ValidationError(_("The person lives there already."))
    left, arrived = (
        (LifeEvent.Kind.SPLIT_OFF, LifeEvent.Kind.FORMED)
        if split
        else (LifeEvent.Kind.MOVED_OUT, LifeEvent.Kind.MOVED_IN)
    )
    with walls.everywhere():  # for a moment the person belongs to neither dong alone
        _part_couple(person)
        person.household = to
        person.save(update_fields=["household"])
        person.merged.update(household=to)
        add_event(origin, left, on, by=by, person=person, other=to.pk, source=source)
        add_event(to, arrived, on, by=by, person=person, other=origin.pk, source=source)
        dissolve_if_empty(origin, on)
    record(by, "people.moved", person, arrived)


@transaction.atomic
def change_address(
    household: Household,
    kind: Address.Kind,
    text: str,
    *,
    by: User,
    on: date,
    source: Source = Source.REGISTER,
    centre: Centre | None = None,
) -> Address:
    """A new registered or actual address from a day on; the one before ends the day before and is kept.

    `centre` is the dong moved to when it is another one.
    """
    _may_keep(by, household)
    if not text.strip():
        raise ValidationError(_("An address needs words."))
    with walls.everywhere():
        if centre is not None and kind == Address.Kind.REGISTERED and centre.pk != household.centre_id:
            household.centre, household.zone = centre, None
            household.save(update_fields=["centre", "zone"])
        address = _put_address(household, kind, text.strip(), by=by, source=source, on=on)
    record(by, "people.changed_address", household, kind)
    return address


def _put_address(
    household: Household, kind: Address.Kind, text: str, *, by: User, source: Source, on: date | None
) -> Address:
    before = household.addresses.filter(kind=kind, until=None).first()
    if before is not None:
        day = on or timezone.localdate()
        before.until = day - timedelta(days=1)
        before.save(update_fields=["until"])
        add_event(household, LifeEvent.Kind.ADDRESS, day, by=by, before=before.text, source=source)
    address = Address.objects.create(
        household=household,
        kind=kind,
        text=text,
        terms=letters(text)[:400],
        since=on,
        source=source,
        recorded_by=by,
    )
    placing.place(household)
    return address


@transaction.atomic
def add_relation(
    person: Person,
    name: str,
    kind: Relation.Kind,
    *,
    by: User,
    source: Source,
    on: date,
    obligor: bool = False,
    estranged: bool | None = None,
    phone: str = "",
    to: Person | None = None,
) -> Relation:
    """A relative or guardian who lives elsewhere, as somebody stated it on a day. Raises Refused or ValidationError."""
    require_record(by, person.household)
    if not name.strip():
        raise ValidationError(_("A person needs a name."))
    relation = Relation.objects.create(
        person=person,
        to=to,
        name=name.strip()[:80],
        kind=kind,
        obligor=obligor,
        estranged=estranged,
        phone=phone,
        source=source,
        stated_on=on,
        recorded_by=by,
    )
    record(by, "people.added_relation", person, kind)
    return relation


@transaction.atomic
def end_relation(relation: Relation, *, by: User, on: date) -> None:
    """It no longer holds; it is kept."""
    require_record(by, relation.person.household)
    relation.ended_on = on
    relation.save(update_fields=["ended_on"])
    record(by, "people.ended_relation", relation.person, relation.kind)


def _part_couple(person: Person) -> None:
    """Who stays behind is no longer one of two who live together."""
    if person.couple is not None:
        person.household.members.filter(couple=person.couple).update(couple=None)
        person.couple = None


def _past(on: date) -> None:
    if on > timezone.localdate():
        raise ValidationError(_("That day lies in the future."))


def add_event(
    household: Household,
    kind: LifeEvent.Kind,
    on: date,
    *,
    by: User,
    source: Source,
    person: Person | None = None,
    other: int | None = None,
    before: str = "",
) -> None:
    """A line in the household's history; part of a deed that has passed its gate."""
    LifeEvent.objects.create(
        household=household,
        person=person,
        kind=kind,
        happened_on=on,
        other=other,
        before=before,
        source=source,
        recorded_by=by,
    )


def dissolve_if_empty(household: Household, on: date) -> None:
    """Write down that nobody lives there any more, if it is so; part of a deed that has passed its gate."""
    if not household.members.filter(left_on=None).exists():
        household.dissolved_on = on
        household.save(update_fields=["dissolved_on"])
