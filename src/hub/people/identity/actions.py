"""Storing an identity number, finding a person by one, and showing one whole: each in the audit trail or not at all."""

import re
import uuid
from collections.abc import Callable
from datetime import date, timedelta

import pyarrow as pa
from django.core.exceptions import ValidationError
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hub.access.access import require
from hub.access.actions import record
from hub.access.models import User
from hub.access.roles import Right
from hub.keys import columns
from hub.people import numbers
from hub.people.access import require_record
from hub.people.identity import queries
from hub.people.identity.access import require_unmask
from hub.people.identity.models import IdentityNumber, LegalGround
from hub.people.models import Person
from hub.people.numbers import Kind, Number
from hub.people.queries import Found
from hub.people.sources import Source

# More than anybody's day at a desk asks for, and far too little to try numbers out or to copy a dong.
LOOK_UPS = 30, timedelta(minutes=10)
UNMASKINGS = 30, timedelta(hours=1)

_FOUND_AT_MOST = 20
_BATCH = 5_000  # numbers of one statement
_REASON_LENGTH = 5, 120  # characters
_LIKE_A_NUMBER = re.compile(r"(?:\d[\s.\-‐-―]?){6,}")


class Need(models.TextChoices):
    """What a whole number is needed for."""

    STATE_SYSTEM = "state_system", gettext_lazy("To enter it into a system of the state")
    DOCUMENT = "document", gettext_lazy("To write it on an application or certificate")
    TELL_APART = "tell_apart", gettext_lazy("To tell two people apart")
    PAYMENT = "payment", gettext_lazy("To pay into the account")
    CORRECTION = "correction", gettext_lazy("To check or correct the record")


class TooMany(Exception):
    """This user has done this too often of late; `minutes` is the period that is counted."""

    def __init__(self, period: timedelta) -> None:
        super().__init__()
        self.minutes = int(period.total_seconds() // 60)


@transaction.atomic
def store(
    person: Person,
    number: Number,
    *,
    ground: LegalGround,
    source: Source,
    by: User,
    collected_on: date | None = None,
) -> IdentityNumber:
    """Keep a number of a person, encrypted. One that the person has already is left as it is.

    Raises Refused outside the area of duty.
    """
    require_record(by, person.household)
    Person.objects.select_for_update(of=("self",)).get(
        pk=person.pk
    )  # one at a time, or both would find nothing
    plain = number.text.encode()
    known = IdentityNumber.objects.filter(
        columns.holding(IdentityNumber, "encrypted", plain), person=person, kind=number.kind
    ).first()
    if known is not None:
        record(by, "people.stored_number_again", known, purpose=ground.value)
        return known
    kept = IdentityNumber(
        person=person,
        kind=number.kind,
        masked=number.masked,
        invented=number.invented,
        ground=ground,
        source=source,
        collected_on=collected_on or timezone.localdate(),
        recorded_by=by,
    )
    columns.encrypt(kept, "encrypted", plain)
    kept.save(force_insert=True)
    record(by, "people.stored_number", kept, purpose=ground.value)
    return kept


@transaction.atomic
def take_in(
    persons: pa.Table,
    *,
    ground: LegalGround,
    source: Source,
    collected_on: date | None = None,
    by: User | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> int:
    """Keep the registration numbers of many persons at once; returns how many. `by` is None only at installation.

    `persons`: person_id (int64, known to the register), resident_number (string; null and empty are passed over). One
    that is wrong stops all; `progress` hears how many of all are done. Raises ValidationError naming the person, not the number.
    """
    today = timezone.localdate()
    ring, column = columns.hold(), columns.of(IdentityNumber)[0]
    [index] = column.indexes
    taken = done = 0
    for batch in persons.select(["person_id", "resident_number"]).to_batches(_BATCH):
        rows: list[tuple[object, ...]] = []
        for person, typed in zip(*(cells.to_pylist() for cells in batch.columns), strict=True):
            if not typed:
                continue
            try:
                number = numbers.read_either(typed, on=today, invented=source is Source.INVENTED)
            except ValidationError as problem:
                raise ValidationError(f"{person}: {problem.messages[0]}") from None
            pk, plain = uuid.uuid4(), number.text.encode()
            encrypted = ring.encrypt(column.encrypted.purpose, plain, column.encrypted.place(pk))
            blind = ring.blind_index(index.purpose, plain)
            rows.append((pk, person, number.kind.value, encrypted, blind, number.masked))
        if rows:
            common = (
                source is Source.INVENTED,
                ground.value,
                source.value,
                collected_on or today,
                by.pk if by else None,
            )
            with connection.cursor() as cursor:
                cursor.execute(_TAKE_IN, [*common, *map(list, zip(*rows, strict=True))])
        taken += len(rows)
        done += batch.num_rows
        progress(done, persons.num_rows)
    record(by, "people.took_in_numbers", purpose=f"{ground.value}; {taken} numbers")
    return taken


# Rows come as arrays: COPY does not go through the walls between dongs.
_TAKE_IN = """
    INSERT INTO people_identitynumber (id, person_id, kind, encrypted, blind_index, masked,
        invented, ground, source, collected_on, recorded_by_id, recorded_at)
    SELECT *, %s::boolean, %s, %s, %s::date, %s::bigint, now()
    FROM unnest(%b::uuid[], %b::bigint[], %b::text[], %b::bytea[], %b::bytea[], %b::text[])
"""


@transaction.atomic
def find_by_number(typed: str, *, by: User) -> list[Found]:
    """Persons of the searcher's area of duty who have this resident or foreigner registration number, usually one.

    What was searched for is not written down. Raises ValidationError for what is no such number, TooMany when numbers
    are being tried out.
    """
    require(by, Right.SEE_HOUSEHOLDS)
    text = numbers.digits(typed)
    if len(text) != 13:
        raise ValidationError(_("A registration number has 13 digits; here are %(n)d.") % {"n": len(text)})
    _not_too_often(by, "people.looked_up_number", LOOK_UPS)
    found = (
        queries.in_duty(by)
        .filter(
            columns.holding(IdentityNumber, "encrypted", text.encode()),
            kind__in=(Kind.RESIDENT, Kind.FOREIGNER),
        )
        .order_by("person")[:_FOUND_AT_MOST]
    )
    persons = {number.person.stands_id: number for number in found}
    for number in persons.values():
        record(by, "people.looked_up_number", number.person, purpose=f"{len(persons)} found")
    if not persons:
        record(by, "people.looked_up_number", purpose="0 found")
    return [
        Found(
            number.person.household_id,
            number.person.household.dong,
            pk,
            number.person.stands.name,
            number.masked,
            str(number.person.household.centre),
        )
        for pk, number in persons.items()
    ]


@transaction.atomic
def unmask(number: IdentityNumber, *, by: User, ground: LegalGround, need: Need, reason: str) -> str:
    """The whole number, for one look. Ground, need and reason go into the audit trail before the number is read.

    Raises Refused outside the area of duty or without the right, ValidationError for a reason that says nothing or holds
    a number itself, TooMany, and KeyProblem when the number cannot be read.
    """
    require_unmask(by, number.person.household)
    told = " ".join(reason.split())
    least, most = _REASON_LENGTH
    if not least <= len(told) <= most:
        raise ValidationError(
            _("Please give the reason in %(least)d to %(most)d characters.") % {"least": least, "most": most}
        )
    if _LIKE_A_NUMBER.search(told):
        raise ValidationError(_("Please leave numbers out of the reason: it is kept in the audit trail."))
    _not_too_often(by, "people.unmasked_number", UNMASKINGS)
    record(
        by,
        "people.unmasked_number",
        number,
        purpose=f"{LegalGround(ground).value}; {Need(need).value}; {told}",
    )
    return numbers.of_stored(Kind(number.kind), columns.decrypt(number, "encrypted").decode()).whole


def _not_too_often(user: User, verb: str, limit: tuple[int, timedelta]) -> None:
    """Raise TooMany when the limit is reached; requests of one user queue here, or all would count the same."""
    most, period = limit
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{verb} {user.pk}"])
    if queries.done_within(user, verb, period) >= most:
        raise TooMany(period)
